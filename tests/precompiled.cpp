// Nothing but the headers that tests read, precompiled (KITH_PRECOMPILE).
