/// What `foreshard init` writes: every setting, with its default and what it is for.
enum ConfigurationTemplate {
    static let text = """
        # Foreshard's configuration. Settings that are commented out show their defaults.
        # Check it against your servers with: foreshard init --config foreshard.yaml

        # Where applications connect, and the admin API that the other foreshard commands use.
        listen: {host: 127.0.0.1, port: 6432}
        #  tls: {mode: require, certificate: server.crt, key: server.key}   # inside of `listen`; docs/TLS.md
        admin: {host: 127.0.0.1, port: 6433}

        # The catalog (where every segment is), the load history, the admin token.
        data_directory: foreshard-data

        # Who may connect to the router. `verifier` takes rolpassword from pg_authid, so that no password stands here;
        # `password_env: NAME` reads one from the environment.
        client_authentication: scram-sha-256   # or trust, on loopback only
        users:
          - {name: app, password_env: APP_PASSWORD}

        # The role under which the router runs the applications' statements on every instance.
        application: {user: app, password_env: APP_PASSWORD}

        # Your PostgreSQL servers. Moves need a superuser here (PostgreSQL 15 lets nobody else create subscriptions).
        #   connections   back-end connections the router may hold
        #   capacity      load (average active sessions) the server carries at your latency objective
        #   tls           disable, prefer (the default but on loopback), require, {mode: verify-full, ca: ca.crt}; docs/TLS.md
        instances:
          - {id: home-1, zone: a, host: 127.0.0.1, port: 5432, database: app, user: postgres, password_env: PGPASSWORD,
             connections: 20, capacity: 16, cost_per_hour: 1.0}
        #   standby       a physical streaming standby of it that you run, which can take over: {host, port, zone}
        #    standby: {host: 127.0.0.2, port: 5432, zone: b}
        #                 or the pool's, which makes it, and another one after a takeover; with `provider: local` only
        #    standby: pool
        #    standby: {from: pool, synchronous: true}     # commits wait for it while it streams

        # What happens when an instance with a standby dies: off (nothing is looked at), recommend (it is told, and
        # `foreshard takeover` is yours), auto (the standby is promoted). Nothing acknowledged is lost with
        # synchronous_standby_names only; docs/TAKEOVER.md.
        # takeover:
        #   mode: recommend
        #   after: 10s                # nothing is heard of the instance for so long, by us and by its standby
        #   probe_every: 1s
        #   loss_bytes_max: 16777216  # a standby that lacks more of the log does not take over by itself

        # Contingent instances: servers that take segments for a peak.
        #   static   servers you run; listed like `instances`
        #   local    servers that Foreshard starts on this machine (instances_max, capacity, connections, zone)
        #   command  servers that a program of yours makes and removes: a cloud, Kubernetes (docs/POOL.md)
        pool:
          provider: local
          warm: 1
          instances_max: 2
          capacity: 16
          connections: 20
          zone: b
          # zones: [b, c]           # instead of `zone`, with local and command: instances are spread over them
          # warm: {b: 1, c: 1}      # warm instances of each zone
          # anti_affinity: prefer   # require: no segment goes to an instance in its home's zone; off: zones do not matter
          # locale: C.UTF-8         # of local servers; as your databases have it (SHOW lc_collate)
          # with provider: command, beside instances_max, capacity, connections and zone:
          # command: [/etc/foreshard/instances.sh]        # program and arguments; no shell reads them
          # timeouts: {provision: 15m, start: 5m, stop: 1m, wipe: 15m, remove: 15m}
          # check: false            # true: the program is asked for `check` too (timeouts.check: 10s)
          # Warm instances may be lent to others until the service needs them; `foreshard pool lend`. Off by default.
          # lend:
          #   max: 0                  # lent at the same time; above 0, one instance more than needed is kept warm to lend
          #   keep_warm: 1            # stay with the service; as `warm` says by default
          #   notice_max: 5m          # the longest notice that a lessee may have before it is cut off
          #   term_max: 1d            # the longest lease, from its grant or its renewal
          #   connections: 20         # of one lessee
          #   hooks: /etc/foreshard/hooks   # programs that may be told of a lease's grant and end; none by default
          #   hook_timeout: 10s

        # Tables sharded by the same key. Rows with equal keys live together; the ring is cut into `segments` parts.
        groups:
          - id: shop
            key_type: bigint          # integer, bigint, text, varchar or uuid
            segments: 16
            # mode: recommend         # the most that the controller does with this group; its own mode by default
            tables:
              customers: customer_id
              orders: customer_id

        # The home that has all tables of no group: statements on them go there. Without it they are refused.
        # unsharded: home-1

        # What the controller may do: observe (no move), recommend (what you order), auto (what it plans).
        controller:
          mode: observe
          # policy: threshold         # none, reactive, threshold, horizon
          # prices: {overload_per_hour: 20, move: 0.05}   # as cost_per_hour of instances; for policy horizon
          # limits: {moves_per_hour: 20, contingent_cost_per_hour: 3}   # none by default
          # pinned: [shop-03]         # segments that stay where they are, unless you move them
          # threshold: 0.8            # share of capacity above which an instance is overloaded
          # return_threshold: 0.6     # a home takes a segment back when it then stays below this share
          # prepare_confidence: 0.2   # probability of overload from which a copy is prepared
          # confidence_level: 0.5     # probability from which ownership changes
          # cool_down: 15m            # a segment rests this long after a move
          # moves_at_once: 2
          # latency_objective: 500ms  # p99
          # probation: 10m            # a move is watched this long, and reverted if it made things worse
          # reactive_every: 1m

        # forecast:
        #   every: 5m
        #   horizon: 2h
        #   step: 5m
        #   history: 28d
        #   refit_every: 6h
        #   time_zone: Europe/Berlin  # whose days, weekends and daylight saving the load follows; UTC by default
        #   models: [spar, ridge, lstm, week, day, last]   # combined; `prophet+ar`, `prophet` too; see `foreshard evaluate`

        # moves:
        #   gate_timeout: 500ms
        #   cleanup_grace: 15m        # the old owner's rows are kept so long after a move is final
        #   copy_bytes_per_second_max: 50000000   # of one move, so that copying does not slow the source; none by default

        # router: {clients_max: 1000, queue_max: 10000, queue_timeout: 30s, statement_cache_bytes_max: 67108864}
        #
        # Transactions that touch several instances: `refuse`, or `two_phase` (needs max_prepared_transactions > 0 there).
        # No server sees a deadlock over two of them, so they wait for a lock no longer than this.
        # router: {distributed_transactions: two_phase, distributed_lock_timeout: 10s}

        # What you know in advance. Events of one kind are expected to act alike. `uplift` is the factor on load that you
        # expect from `lead` before the start to `tail` after the end; it counts until the kind's real effect is learned.
        # events:
        #   - {kind: campaign, label: Black Friday, start: 2026-11-27T08:00:00+01:00, end: 2026-11-28T00:00:00+01:00,
        #      uplift: 3, lead: 30m, tail: 1h}
        # A time of the kind `freeze` is no load: no move begins and no segment changes owner in it, but to undo a move.
        #   - {kind: freeze, label: backup, start: 2026-11-28T02:00:00+01:00, end: 2026-11-28T03:00:00+01:00}
        # Files are read again every hour:
        #   .csv   start,end,segment,kind,known_in_advance,label and, if you like, uplift,lead,tail
        #   .ics   iCalendar; kind: the first of CATEGORIES, else SUMMARY; X-FORESHARD-SEGMENTS, -UPLIFT, -LEAD, -TAIL
        # event_files: [events.csv, campaigns.ics]

        # What may lead the load: sign-ups, the length of a queue. Each is used only while it makes forecasts better.
        #   prometheus   its address, and a `query` that gives one series; asked for at the end of each `forecast.step`.
        #                `user` with `password_env`, or `token_env`, where it wants credentials
        #   csv          timestamp,value or timestamp,metric,value, with a reading for every step; read when it changes
        #   segments     those whose load it may lead; all by default
        # metrics:
        #   - {name: signups, prometheus: "http://127.0.0.1:9090", query: "sum(rate(signups_total[5m]))"}
        #   - {name: queue, csv: metrics/queue.csv, segments: [shop-01, shop-02]}
        # Calls and execution time of every instance listed above, from its extension pg_stat_statements.
        # statement_metrics: false

        """
}
