BEGIN
--> begin
--> anywhere

START TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY
--> begin
--> anywhere

COMMIT
--> commit
--> anywhere

END
--> commit
--> anywhere

ROLLBACK
--> rollback
--> anywhere

ABORT
--> rollback
--> anywhere

COMMIT AND CHAIN
--> commit
--> refused 0A000 AND CHAIN: AND CHAIN cannot be sent through the router
--> hint: End the transaction, then send BEGIN.

SAVEPOINT a
--> savepoint
--> anywhere

RELEASE SAVEPOINT a
--> savepoint
--> anywhere

ROLLBACK TO a
--> savepoint
--> anywhere

PREPARE TRANSACTION 'x'
--> utility("two-phase commit")
--> refused 0A000 two-phase commit: two-phase commit cannot be sent through the router
--> hint: Commit with COMMIT, or connect to the instances directly.

COMMIT PREPARED 'x'
--> utility("two-phase commit")
--> refused 0A000 two-phase commit: two-phase commit cannot be sent through the router
--> hint: Commit with COMMIT, or connect to the instances directly.

SET statement_timeout = 5000
--> set(name: "statement_timeout", isLocal: false)
--> anywhere

SET LOCAL work_mem TO '64MB'
--> set(name: "work_mem", isLocal: true)
--> anywhere

SET SESSION application_name = 'a'
--> set(name: "application_name", isLocal: false)
--> anywhere

SET TIME ZONE 'UTC'
--> set(name: "timezone", isLocal: false)
--> anywhere

SET TRANSACTION READ ONLY
--> set(name: "transaction", isLocal: true)
--> anywhere

SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY
--> set(name: "session characteristics", isLocal: false)
--> anywhere

SET search_path TO public
--> set(name: "search_path", isLocal: false)
--> anywhere

SET search_path TO "$user", public
--> set(name: "search_path", isLocal: false)
--> anywhere

SET search_path TO other, public
--> set(name: "search_path", isLocal: false)
--> refused 0A000 SET search_path: changing search_path in a session would change how the router must read its statements
--> hint: Leave search_path at the router's configuration; qualify the names of tables in other schemas.

SET search_path = 'public, other'
--> set(name: "search_path", isLocal: false)
--> refused 0A000 SET search_path: changing search_path in a session would change how the router must read its statements
--> hint: Leave search_path at the router's configuration; qualify the names of tables in other schemas.

SET search_path TO DEFAULT
--> set(name: "search_path", isLocal: false)
--> anywhere

SET standard_conforming_strings = on
--> set(name: "standard_conforming_strings", isLocal: false)
--> anywhere

SET standard_conforming_strings = off
--> set(name: "standard_conforming_strings", isLocal: false)
--> refused 0A000 SET standard_conforming_strings: changing standard_conforming_strings in a session would change how the router must read its statements
--> hint: Leave standard_conforming_strings at the router's configuration; qualify the names of tables in other schemas.

SET client_encoding = 'UTF8'
--> set(name: "client_encoding", isLocal: false)
--> anywhere

SET NAMES 'LATIN1'
--> set(name: "client_encoding", isLocal: false)
--> refused 0A000 SET client_encoding: changing client_encoding in a session would change how the router must read its statements
--> hint: Leave client_encoding at the router's configuration; qualify the names of tables in other schemas.

RESET work_mem
--> reset(name: Optional("work_mem"))
--> anywhere

RESET ALL
--> reset(name: nil)
--> anywhere

SHOW search_path
--> show(name: "search_path")
--> anywhere

SHOW ALL
--> show(name: "all")
--> anywhere

DEALLOCATE q
--> deallocate(name: Optional("q"))
--> anywhere

DEALLOCATE ALL
--> deallocate(name: nil)
--> anywhere

DISCARD ALL
--> discard("ALL")
--> anywhere

DISCARD TEMP
--> discard("TEMP")
--> anywhere

SET CONSTRAINTS ALL DEFERRED
--> utility("SET CONSTRAINTS")
--> refused 0A000 SET CONSTRAINTS: SET CONSTRAINTS cannot be sent through the router
--> hint: Connect to the instances directly.

-- only a comment
--> empty
--> anywhere
