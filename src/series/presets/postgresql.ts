import { ANY, type Preset, STATE, TARGET, TWO_A_MINUTE } from './preset.ts';

/** prometheus-community/postgres_exporter. */
export const POSTGRESQL: Preset = {
  name: 'postgres_exporter',
  seenIn:
    'postgres_exporter 0.11, run against PostgreSQL 15, and the sources of later ones for replication, slots and long transactions',
  groupBy: TARGET,
  entries: [
    { series: ['pg_up'], about: 'whether the server answers', isGolden: true, direction: 'down', range: STATE },
    {
      series: ['pg_stat_database_xact_commit'],
      about: 'transactions: a counter, whatever its name',
      isGolden: true,
      kind: 'counter',
    },
    {
      series: ['pg_stat_database_xact_rollback', 'pg_stat_database_deadlocks', 'pg_stat_database_conflicts'],
      about: 'transactions that failed',
      isGolden: true,
      kind: 'counter',
      direction: 'up',
      atLeast: TWO_A_MINUTE,
    },
    {
      series: ['pg_stat_database_temp_bytes', 'pg_stat_database_temp_files', 'pg_stat_database_blks_read'],
      about: 'work that memory should have saved',
      kind: 'counter',
      direction: 'up',
      atLeast: TWO_A_MINUTE,
    },
    {
      series: [
        'pg_stat_database_blks_hit',
        'pg_stat_database_tup_returned',
        'pg_stat_database_tup_fetched',
        'pg_stat_database_tup_inserted',
        'pg_stat_database_tup_updated',
        'pg_stat_database_tup_deleted',
      ],
      about: 'rows: counters, whatever their names',
      kind: 'counter',
    },
    {
      series: ['pg_stat_activity_count{state=~"idle in transaction.*"}'],
      about: 'connections that hold locks and do nothing: gauges, whatever their names',
      kind: 'gauge',
      isGolden: true,
      direction: 'up',
      atLeast: 2,
    },
    {
      series: ['pg_stat_activity_count', 'pg_stat_database_numbackends'],
      about: 'connections',
      kind: 'gauge',
      isGolden: true,
      atLeast: 2,
    },
    {
      series: [
        'pg_stat_activity_max_tx_duration',
        'pg_long_running_transactions_count',
        'pg_long_running_transactions',
      ],
      about: 'transactions that take long',
      direction: 'up',
      atLeast: 2,
    },
    {
      series: ['pg_locks_count'],
      about: 'locks',
      kind: 'gauge',
      direction: 'up',
      atLeast: 5,
    },
    {
      series: ['pg_replication_lag_seconds', 'pg_replication_lag', 'pg_stat_replication_pg_wal_lsn_diff'],
      about: 'how far a replica is behind',
      isGolden: true,
      direction: 'up',
      atLeast: 5,
    },
    {
      series: ['pg_replication_slot_slot_is_active', 'pg_replication_slots_active'],
      about: 'replicas that listen',
      direction: 'down',
      range: STATE,
    },
    { series: ['pg_stat_user_tables_n_dead_tup'], about: 'dead rows, until the next vacuum', kind: 'unscored' },
    {
      series: ['pg_exporter_last_scrape_error', 'pg_scrape_collector_success'],
      about: 'whether the exporter can see',
      range: STATE,
      atLeast: ANY,
    },
    {
      series: [
        'pg_static',
        'pg_replication_is_replica',
        'pg_long_running_transactions_oldest_timestamp_seconds',
        'pg_stat_database_stats_reset',
        'pg_stat_archiver_last_archive_age',
        'pg_settings_max_connections',
        'pg_settings_shared_buffers_bytes',
        'pg_settings_work_mem_bytes',
        'pg_settings_effective_cache_size_bytes',
        'pg_settings_max_wal_size_bytes',
        'pg_settings_random_page_cost',
      ],
      about: 'ages, identities and settings',
      kind: 'unscored',
    },
  ],
};
