//! What is reached and kept: rooms 05 to 08, providers, backend, embedded backend and ledger.

use crate::diag::Fault;
use crate::diag::code::Code;

codes! {
    // 05 providers
    BAD_ADDRESS = "KF0501" Configuration "bad address"
        "An address of a service must be absolute and begin with https:// (or http:// for this machine). Check the instance address of the connection.";
    PLAIN_HTTP = "KF0502" Configuration "connection without TLS"
        "Secrets are only sent over TLS. Plain http is allowed for this machine itself (localhost, 127.0.0.1, ::1), for tests and for agents that add TLS.";
    UNREACHABLE = "KF0503" Environment "service can't be reached"
        "No answer came: the name can't be resolved, the connection is refused or breaks off, or the service takes too long. Requests that may be repeated were repeated. Check the address, the network and the proxy variables (HTTPS_PROXY, NO_PROXY).";
    NO_TLS = "KF0504" Environment "TLS can't be set up"
        "Services are trusted by the certificates of this machine, and there are none, or they can't be read. Install them (`ca-certificates` in most systems and images), or name a file with them in SSL_CERT_FILE.";
    NOT_JSON = "KF0505" Vendor "answer is not JSON"
        "The service answered with something else than the JSON that it documents, often a proxy's or sign-in page. The body is not shown, because it may hold secrets.";
    BUSY = "KF0506" Vendor "service asks for a long pause"
        "The service limits how often it may be asked, and the pause that it wants is longer than keyform waits. Run again later, or lower the parallelism.";
    BAD_HEADER = "KF0507" Configuration "value does not fit into a header"
        "A credential that goes into a header has a line break or another character that headers can't carry, often because it was read from a file with a trailing line.";
    REFUSED = "KF0508" Credentials "credentials refused"
        "The service answered 401: the credentials of the connection are wrong, expired or revoked. It was not tried again.";
    FORBIDDEN = "KF0509" Permission "permission refused"
        "The service answered 403: the credentials are right but may not do this. The provider's reference page names the permissions that it needs. It was not tried again.";
    VENDOR_ERROR = "KF0510" Vendor "request failed"
        "The service refused or failed the request. The detail names the request, the status and, where it is safe, the service's own message.";
    UNEXPECTED_ANSWER = "KF0511" Vendor "unexpected answer"
        "The service's answer lacks a field that its documentation promises, or has one of another shape. Nothing was guessed in its place. If the service has changed, the manifest needs a change.";
    PAGING_LOOP = "KF0512" Vendor "pages go in a circle"
        "The service handed out the same page twice. The listing is not complete, so nothing is deleted by it.";
    FOREIGN_HOST = "KF0513" Vendor "request to a foreign host"
        "An answer or a manifest names an address on another host than the service's own. Credentials are sent to the service's own host only.";
    UNKNOWN_DESTINATION = "KF0514" Configuration "unknown destination"
        "No manifest declares this destination, app, method or variant.";
    BAD_KEY = "KF0515" Configuration "destination refuses the key"
        "The destination's rules for keys (allowed characters, length, reserved names) refuse it. Rename the secret, or change the key schema of the sync.";
    BAD_VALUE = "KF0516" Configuration "destination refuses the value"
        "The destination's rules for values (length, emptiness) refuse it.";
    FOLDED_KEYS = "KF0517" Configuration "two keys become one"
        "The destination changes letters of keys or ignores their case, so that two keys of this sync would be stored as one. Rename one of them.";
    TOO_MANY_ENTRIES = "KF0518" Configuration "more entries than the destination holds"
        "The destination takes a limited number of entries. Split the sync.";
    MANIFEST = "KF0519" Configuration "bad provider manifest"
        "A provider manifest has a word that the language does not know, a name that is not in scope where it stands, or an expression of a shape that its slot does not take. docs/providers.md lists all words and scopes.";
    DUPLICATE_PROVIDER = "KF0520" Configuration "provider declared twice"
        "A manifest beside the configuration declares an app or a destination that is built in. It can add one, not replace one.";
    FILE_ERROR = "KF0521" Environment "file can't be read or written"
        "A file of a local destination can't be read or written. An unreadable file is never taken for an empty one.";
    FILE_MALFORMED = "KF0522" Configuration "malformed file"
        "A file of a local destination does not have the shape of its format, so that it can't be changed without harm. Mend or remove it.";
    OUTSIDE_DIRECTORY = "KF0523" Configuration "file outside its directory"
        "A local destination writes inside the directory of its connection only: no `..`, no absolute names, no symbolic links that lead out.";
    BAD_PATH_PART = "KF0524" Configuration "key can't stand in an address"
        "A key, name or id that becomes a part of a request's path is empty, `.` or `..`, so the request would reach something else.";
    NO_CREDENTIALS = "KF0525" Credentials "no credentials found"
        "The machine's own credentials are needed (environment, profile, metadata service), and none were found.";
    NOT_THERE = "KF0526" Vendor "not there"
        "The service answered 404: the place that the destination names is not there, or the credentials can't see it.";
    TOO_LONG = "KF0527" Vendor "answer is too long"
        "The answer is longer than anything that a service has to say, so reading it was given up. The address may lead to something else than the service; it was not tried again.";
    // 06 backend
    BACKEND_UNREACHABLE = "KF0601" Environment "the backend can't be reached"
        "No answer came from the backend's address: the name is not known, the port is closed, the network or a proxy is in between, or the certificate is not trusted. Look at `url` in the `backend` block and open it with another program from this machine.";
    BACKEND_CREDENTIALS = "KF0602" Credentials "the backend refused the credentials"
        "The client id and client secret, or the token, are wrong, expired, revoked or used up. Make new ones for the machine identity and put them where the `auth` block of the backend looks for them. Repeating wrong logins can lock the identity for some minutes.";
    BACKEND_PERMISSION = "KF0603" Permission "the backend does not permit this"
        "The credentials are right, but the machine identity may not do what was asked: it is no member of the project, or its role lacks the permission. Add the identity to the project, or give it a role that may.";
    BACKEND_REFUSED = "KF0604" Configuration "the backend refused the request"
        "The backend understood the request and says no: a rule of its own is not met, a name is taken, or a vendor refused the credentials of a connection. Its own words say which.";
    BACKEND_NOT_FOUND = "KF0605" Configuration "the backend does not know what is asked for"
        "Something that the request names is not there, or not visible to this machine identity. It may have been deleted a moment ago: plan again.";
    BACKEND_ROUTE = "KF0606" Vendor "the backend lacks this part of the API"
        "The backend answers that there is no such route: it is older than the feature, or `url` points to something else. App connections and secret syncs need an Infisical of 2025 or newer.";
    BACKEND_LIMIT = "KF0607" Vendor "the backend asks to slow down"
        "The rate limit stayed exhausted for as long as keyform was willing to wait. Lower `parallelism`, wait a minute, or raise the limit of a self-hosted backend.";
    BACKEND_FAILED = "KF0608" Vendor "the backend failed"
        "The backend answered that something went wrong on its side. If it happens again, its own log says more; the request id, where it gives one, finds the entry.";
    BACKEND_ANSWER = "KF0609" Vendor "the backend's answer can't be read"
        "The answer is not the JSON that this part of the API gives. A web page instead of JSON means that `url` points to a proxy, a login page or another service.";
    BACKEND_APPROVAL = "KF0610" Permission "the change waits for approval"
        "An approval policy covers this path: the backend took the change as a request that a person must approve. It is not applied and not recorded, so the next plan shows it again until it is approved there: a machine identity may not ask what became of a request. It is not asked for a second time as long as it is the same change; `apply --ask-again` does so, for one that was declined. Or let the machine identity bypass the policy.";
    BACKEND_CONFIG = "KF0611" Configuration "which backend, or who asks there, is not all said"
        "The `backend` block names a kind, an address or a way to log in that keyform does not know or can't use; or there is none, and neither the command line nor the environment says enough. An embedded backend lies in `.keyform/server` beside its configuration: where nothing is, `adopt` has nothing to read.";
    BACKEND_HIDDEN = "KF0612" Permission "secret values are hidden from this identity"
        "The machine identity may see that the secrets exist but not their values, so they can't be compared. Give it the permission to read secret values.";
    BACKEND_TWICE = "KF0613" Vendor "the backend holds this more than once"
        "Two things with the same name are there, which the backend does not prevent when they are made at the same moment. Delete one of them by hand; keyform does not choose.";
    BACKEND_TAKEN = "KF0614" Configuration "the slug is taken"
        "A project with this slug exists in the organisation, and this machine identity can't see it: slugs are unique among all projects, also those that the identity is no member of. Choose another slug, or add the identity to that project and take it over with `--adopt`.";
    BACKEND_LICENCE = "KF0615" Permission "the backend's plan does not include this"
        "The backend could do this, but not with the plan or licence that it has: a number of environments or identities, an enterprise feature. Its own words say which. Nothing was changed.";
    BACKEND_OLD = "KF0616" Vendor "the backend is too old for this"
        "The server answers, but this version of it does not have what the configuration declares. Servers of 2024 have no app connections and no secret syncs, and of a project they keep neither a description nor another slug. Update the backend, or take that part out of the configuration.";
    REQUEST_WAITS = "KF0617" Permission "a change waits for approval"
        "An earlier run sent this change, and the backend took it as a request that a person must approve. The plan shows it until it is approved, and apply does not send it again, so that there are no two requests for one change. Another value is another change. Whether a request was declined can't be seen by a machine identity: `keyform apply --ask-again` makes another one.";
    // 07 embedded backend
    SERVER_DATA = "KF0701" Environment "the data directory of the embedded backend can't be used"
        "The embedded backend keeps its database, its key file and its identity in one directory that only its owner may read. It could not be made, read or written; the detail says which file and why. Nothing was changed.";
    SERVER_LOCKED = "KF0702" Environment "another embedded backend uses this data directory"
        "One data directory belongs to one running backend at a time; the detail says who holds it. A run has waited for that one for a minute. Stop it, talk to it over HTTP instead, or give this one a directory of its own.";
    SERVER_KEY = "KF0703" Environment "the key file does not fit the database"
        "Values in the database are sealed with a data key, and that key is sealed with the root key in the file `root.key` beside the database. The file is missing, damaged or of another database, so nothing can be opened. Put the right file back; nothing was overwritten, and without it the values cannot be recovered.";
    SERVER_DATABASE = "KF0704" Environment "the database of the embedded backend is damaged"
        "The file is not a database of the embedded backend, or a check of its pages failed. It was not changed. Restore it from a backup, together with its key file, or move it away to start anew.";
    SERVER_NEWER = "KF0705" Environment "the database was made by a newer version"
        "A newer version of keyform has changed the layout of the database. An older one does not touch it, because it could lose what it does not know. Use the newer version.";
    SERVER_LISTEN = "KF0706" Environment "the embedded backend can't listen"
        "The address is in use by another program, is not one of this machine, or needs rights that the process does not have.";
    SERVER_JOB = "KF0707" Environment "a sync job of the embedded backend failed"
        "The job that pushes, imports or removes secrets stopped before its end. What it had done until then stays done, and running it again goes on from there; the detail says why it stopped.";
    LOGIN_UNUSED = "KF0713" Configuration "a login is set, and the embedded backend is used"
        "The environment says how to log in to an Infisical, and the configuration has no `backend` block: so everything is read from and written to the embedded backend, in `.keyform/` beside the configuration. Where an Infisical is meant, say so with a `backend` block; where the embedded one is, `backend \"embedded\" {}` says that.";
    // 08 ledger
    LEDGER_READ = "KF0801" Environment "ledger can't be read"
        "A file of the ledger is there and can't be read. Nothing is planned without it: keyform would not know what it owns.";
    LEDGER_WRITE = "KF0802" Environment "ledger can't be written"
        "A file of the ledger can't be written. Nothing is changed that could not be recorded: look at the disk's free space and at the owner and mode of the directory.";
    LEDGER_DAMAGED = "KF0803" Environment "ledger is damaged"
        "A file of the ledger holds something that keyform did not write: it was edited, merged or cut. It is left as it is. Restore it from a copy; or move the ledger's files away and plan with `--adopt`, which finds everything again by name and takes it over.";
    LEDGER_VERSION = "KF0804" Environment "ledger is of a later version"
        "The ledger was written by a later version of keyform, whose records this one may misunderstand. Use that version or a later one.";
    LEDGER_KEY = "KF0805" Environment "fingerprint key is missing or wrong"
        "The ledger's fingerprints are made with a key that is kept apart from it: the file `fingerprint.key` beside the ledger, or `KEYFORM_FINGERPRINT_KEY` (64 hexadecimal digits). Without the right one keyform can't tell what it wrote from what others wrote. Restore the key; or move the ledger's files away and plan with `--adopt`.";
    LEDGER_LOCKED = "KF0806" Environment "ledger is in use"
        "Another process is writing to this ledger. It frees the lock when it ends, however it ends. Wait for it, or give `--lock-timeout` a longer time.";
    LEDGER_STORE = "KF0807" Environment "place of the ledger can't be used"
        "The place that the `ledger` block names does not answer, refuses, or its address is none. Nothing is planned without the ledger, and nothing is changed that could not be recorded. The detail says what the service answered.";
    LEASE_LOST = "KF0808" Environment "right to write to the ledger was lost"
        "A run that writes to a shared ledger renews a lease on it. This run could not for too long, or somebody ended its lease, so another one may be writing: it stopped before its next change. What it did and could not record is found again by its name and its intent when you plan again.";
    NO_LEASE = "KF0809" Configuration "nothing to unlock"
        "`keyform ledger unlock` ends one lease, named by its id, so that it never ends another one than you looked at. There is none of that id: its holder has ended or somebody else unlocked it. `keyform ledger show` says who is writing.";
    LEDGER_LEFT = "KF0810" Configuration "ledger was not moved"
        "The configuration names a shared ledger, which is empty, while this machine has one with records. As long as they are not moved, keyform owns nothing: what exists is reported as taken, and nothing is deleted. `keyform ledger push` moves them.";
    LEDGER_OTHER = "KF0811" Configuration "another ledger is there"
        "The ledger that was to be pushed has another owner than the one that is there: they are not two states of one ledger. Records of what is there would be lost. `--force` replaces it all the same.";
    LEDGER_OLDER = "KF0812" Configuration "ledger that is there is newer"
        "The ledger that was to be pushed is an older state of the one that is there, or the same one: what was recorded since would be lost. `--force` replaces it all the same.";
    NO_LEDGER = "KF0813" Configuration "no ledger there"
        "A ledger was to be pulled or pushed that is not there. `keyform ledger push` without a file takes the one in `.keyform/` beside the configuration to where the `ledger` block says; with a file, the one that `keyform ledger pull` gave.";
}
