"""Words that SQLAlchemy quotes as a name on one of the backends: whatever is none of them need not wait for its import."""

RESERVED = frozenset(
    """
accessible add after all alter analyse analyze and any array as asc asensitive asymmetric attach
authorization autoincrement before begin between bigint binary blob body both by call cascade case
cast change char character check collate column commit condition conflict constraint continue
convert create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user cursor database databases day_hour day_microsecond day_minute
day_second dec decimal declare default deferrable deferred delayed delete desc describe detach
deterministic distinct distinctrow div do do_domain_ids double drop dual each else elseif elsif
enclosed end escape escaped except exclusive exists exit explain fail false fetch float float4
float8 for force foreign freeze from full fulltext general glob goto grant group having
high_priority history hour_microsecond hour_minute hour_second if ignore ignore_domain_ids
ignore_server_ids ilike immediate in index indexed infile initially inner inout insensitive insert
instead int int1 int2 int3 int4 int8 integer intersect interval into is isnull iterate join key keys
kill leading leave left like limit linear lines load localtime localtimestamp lock long longblob
longtext loop low_priority master_heartbeat_period master_ssl_verify_server_cert match maxvalue
mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural new
no_write_to_binlog not notnull null numeric of off offset old on only optimize option optionally or
order others out outer outfile over overlaps package page_checksum parse_vcol_expr partition period
placing plan position pragma precision primary procedure purge query raise range read read_write
reads real recursive ref_system_id references regexp reindex release rename repeat replace require
resignal restrict return returning revoke right rlike rollback row row_number rows rowtype schema
schemas second_microsecond select sensitive separator session_user set show signal similar slow
smallint some spatial specific sql sql_big_result sql_calc_found_rows sql_small_result sqlexception
sqlstate sqlwarning ssl starting stats_auto_recalc stats_persistent stats_sample_pages straight_join
symmetric system system_time table temp temporary terminated then tinyblob tinyint tinytext to
trailing transaction trigger true undo union unique unlock unsigned update usage use user using
utc_date utc_time utc_timestamp vacuum values varbinary varchar varcharacter variadic varying
verbose versioning view virtual when where while window with without write xor year_month zerofill
""".split()  # noqa: SIM905 - rows of words read better
)
