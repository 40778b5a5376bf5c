{#
    Rows of the table that came longer ago than the retention period go, within the run. What a source still
    delivers comes anew, with a new _loaded_at; so staging models forget before they load (a source's own
    _loaded_at may be old, so also after).
#}
{% macro retention_cleanup(relation) -%}
    {%- set kept_since = run_started_at - modules.datetime.timedelta(minutes=var('retention_minutes', 60)) -%}
    {%- set forgotten = "_loaded_at < timestamp '" ~ kept_since.strftime('%Y-%m-%d %H:%M:%S.%f') ~ "'" -%}
    {{ adapter.dispatch('delete_rows')(relation, forgotten) }}
{%- endmacro %}

{% macro floe__delete_rows(relation, predicate) -%}
    {{ floe.delete_where(relation, predicate) }}
{%- endmacro %}

{% macro default__delete_rows(relation, predicate) -%}
    delete from {{ relation }} where {{ predicate }}
{%- endmacro %}
