"""What ``floe doctor`` looks at: each check says what it found, or what is wrong and what mends it."""
