select 'hello' as word, 'world' as whom
