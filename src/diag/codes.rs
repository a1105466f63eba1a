//! The table of diagnostic codes: what `keyform explain KF0101` prints and what `--json` carries.
//!
//! A code is never reused and its summary never contains user text, so it becomes familiar. The first
//! two digits are the room: 01 language, 02 configuration, 03 graph, 04 plan, 05 providers, 06 backend,
//! 07 embedded backend, 08 ledger, 09 engine, 10 command line, 11 reports.

use crate::diag::Fault;
use crate::diag::code::Code;

codes! {
    // 01 language
    SYNTAX = "KF0101" Configuration "syntax error"
        "The text is not HCL. The label shows where reading stopped; the mistake is there or shortly before it: a missing quote, brace or equals sign.";
    UNCLOSED = "KF0102" Configuration "never closed"
        "A quote, bracket, comment or heredoc is opened at the label and the text ends, or the line does, before it is closed.";
    TOO_DEEP = "KF0103" Configuration "nested too deeply"
        "Expressions may nest 64 levels deep, a chain of operators or of attribute accesses may have 128 links, and an object written inside a quoted template 1,000 fields. Give the inner part a name in `locals`.";
    DUPLICATE = "KF0104" Configuration "set twice"
        "An attribute of a block or a key of an object is set a second time. Only one can be meant; remove the other.";
    UNKNOWN_NAME = "KF0105" Configuration "unknown name"
        "An expression uses a name that means nothing here. Names are declared by blocks (`var.x`, `local.x`, `kind.name`) or by `for` and `each`.";
    NO_SUCH_ELEMENT = "KF0106" Configuration "no such element"
        "An expression asks an object for an attribute that it does not have, or a list for an element beyond its end. `lookup(object, key, default)` and `try(…)` are the ways round where that is normal.";
    UNKNOWN_FUNCTION = "KF0107" Configuration "unknown function"
        "The name called is no function, or none that may be used here. Functions can't be defined in a configuration.";
    TYPE = "KF0108" Configuration "wrong kind of value"
        "An expression needs a value of one kind (a number, a text, a list …) and got another that does not convert to it. Texts that are written like numbers, `true` and `false` convert; lists, objects and null never do.";
    CALL = "KF0109" Configuration "function can't do this"
        "A function was called with the wrong number of arguments, or with an argument that it can't work with. The detail says which one and why.";
    ARITHMETIC = "KF0110" Configuration "impossible arithmetic"
        "A division by zero, or a result too large to be exact.";
    SECRET_IN_PLAIN = "KF0111" Configuration "a secret can't be part of a plain value"
        "A secret source (`secret_env(…)` and its like) only says where a value will come from. It can be the whole value of an attribute that takes a secret; it can't be put in a text, compared, or handed to a function, because the result would be stored and shown.";
    UNEXPECTED = "KF0112" Configuration "not expected here"
        "An attribute, a block or a label that this kind of block does not have: a typing mistake, or something that belongs elsewhere.";
    REQUIRED = "KF0113" Configuration "something is missing"
        "A block lacks an attribute, a label or a nested block that it can't do without.";
    TOO_LARGE = "KF0114" Configuration "too much to evaluate"
        "A value takes more than 10 million steps to evaluate, or becomes larger than about 60 MB: texts or lists that are doubled again and again, or `for` in `for` over long lists. No backend and no destination takes such a value; make it smaller.";
    // 02 configuration
    CONFIG_READ = "KF0201" Environment "configuration could not be read"
        "The directory, or a file in it, can't be read. Check the path and the permissions.";
    NO_CONFIG = "KF0202" Configuration "no configuration"
        "A configuration is every `*.hcl` file of one directory; `*.vars.hcl` files hold values of variables and don't count. The directory has none.";
    NOT_UTF8 = "KF0203" Configuration "file is not UTF-8 text"
        "Configurations are UTF-8. The file was saved in another encoding, or is no text.";
    NOT_SUPPORTED = "KF0204" Configuration "not supported yet"
        "The language has this, but it can't be done here: this version of keyform does not do it, or only a remote backend does, and the sync is one that keyform or its own backend runs. It is refused rather than ignored, because ignoring it could change what is applied.";
    DECLARED_TWICE = "KF0205" Configuration "declared twice"
        "Two blocks declare the same address. Every address is declared once, whatever file it is in; one resource each, so rename one of them.";
    WRONG_TYPE = "KF0206" Configuration "value of the wrong type"
        "An attribute got a value of another type than it takes, and it does not convert. The reference page of the block says what it takes.";
    SECRET_PLAIN = "KF0207" Configuration "a secret can't be used here"
        "The attribute is plain: it is stored, compared and shown. A secret source, or a `sensitive` variable, may only stand in attributes that take a secret.";
    LITERAL_SECRET = "KF0208" Configuration "secret written in the configuration"
        "A secret stands in the configuration as plain text, where everyone who can read the repository can read it. Use `secret_env`, `secret_file`, `secret_exec` or `secret_stored`. Under --strict this is an error.";
    UNKNOWN_REFERENCE = "KF0209" Configuration "reference to something that is not declared"
        "An expression names a resource, a variable, a local value or an attribute that no block declares.";
    COMPUTED = "KF0210" Configuration "attribute is only known to the backend"
        "Ids and timestamps are made by the backend. A configuration can't read them, so that a plan never holds an unknown value. Pass the resource itself (`project = project.payments`); keyform looks its id up when it is used.";
    INSTANCE_KEY = "KF0211" Configuration "wrong instance of a resource"
        "A block with `for_each` (and every folder, which is made once in each environment) declares several instances, named by a key: `secret_sync.web[\"prod\"]`. The key is missing, or there is no instance of that key.";
    WRONG_REFERENCE = "KF0212" Configuration "reference expected"
        "The attribute takes a reference to a resource of one kind, written as its bare address without quotes, and got something else.";
    FOR_EACH = "KF0213" Configuration "for_each can't be used like this"
        "`for_each` takes a set of texts, or a map. Its keys become part of addresses, so they may be neither null nor secret.";
    VALUE_CYCLE = "KF0214" Configuration "value depends on itself"
        "To know the value, it would have to be known already: local values or attributes that refer to each other in a circle. Every step of the circle is underlined.";
    NO_VALUE = "KF0215" Configuration "variable has no value"
        "The variable has no default and nothing sets it. Write `name = value` into `keyform.vars.hcl` beside the configuration, pass --var name=value, a file with --var-file, or set KEYFORM_VAR_name.";
    UNKNOWN_VARIABLE = "KF0216" Configuration "no such variable"
        "A value is given for a variable that the configuration does not declare: a typing mistake, or a variable that is gone.";
    VARIABLE_VALUE = "KF0217" Configuration "variable can't have this value"
        "The value given for a variable does not convert to its type. The value is not shown, because it may be a secret.";
    VALIDATION = "KF0218" Configuration "variable is not valid"
        "A `validation` block of the variable refuses the value that it was given.";
    VARS_FILE = "KF0219" Configuration "variables file can't be used"
        "A file of variable values holds `name = value` lines with plain data: no blocks, no references and no functions. Its text is not shown, because it may hold secrets.";
    BAD_TYPE = "KF0220" Configuration "not a type"
        "Types are `string`, `number`, `bool`, `any`, `list(T)`, `set(T)`, `map(T)` and `object({ name = T, other = optional(T, default) })`; for a variable of a module also a kind of resource, such as `project`: then it takes a reference to one.";
    VERSION = "KF0221" Configuration "another version of keyform is required"
        "`required_version` holds constraints such as `>= 0.1, < 1.0` or `~> 0.3`, and this version does not meet them.";
    BAD_NAME = "KF0222" Configuration "name that the backend refuses"
        "Names have rules: slugs are lower-case letters, digits and single dashes; folders are letters, digits, dashes and underscores; keys of secrets hold neither `:` nor `/`.";
    NOT_ALLOWED = "KF0223" Configuration "value that is not allowed"
        "The value has the right type, but is out of range or none of those that are allowed.";
    UNKNOWN_APP = "KF0224" Configuration "unknown app or destination"
        "No manifest declares an app or destination of this name. `keyform providers` lists them all.";
    UNKNOWN_METHOD = "KF0225" Configuration "unknown method"
        "The app has no such way to connect. `keyform providers show APP` lists those that it has, with what each of them takes as its inputs.";
    BROWSER_ONLY = "KF0226" Configuration "connection can only be made in a browser"
        "This method is an OAuth flow: someone has to log in on the vendor's page. Make the connection in the backend's web page and look it up with a `data` block, or use another method.";
    WRONG_APP = "KF0227" Configuration "connection does not fit"
        "The destination needs a connection of another app, or the connection belongs to another project.";
    BAD_KEY_SCHEMA = "KF0228" Configuration "key schema can't be used"
        "A key schema is a text of letters, digits, `_`, `-` and `/` with `{{secretKey}}` exactly once, and `{{environment}}` any number of times; 255 characters at most.";
    SAME_NAME = "KF0229" Configuration "two resources with one name"
        "The backend knows things by their names: a project by its slug, a secret by project, environment, path and key. Two blocks would be the same thing there.";
    COLLISION = "KF0230" Configuration "two syncs would undo each other's work"
        "Two syncs write to the same place. Either both copy the same secrets, or a run of one deletes what the other wrote, because the keys match its key schema (without a schema, every key does) and are not in its source. Give them key schemas with different prefixes, different destinations, or set `disable_secret_deletion`.";
    OVERLAP = "KF0231" Configuration "two syncs could write the same key"
        "Two syncs write to the same place and their key schemas can name the same key there. Whether they do depends on the secrets; if they do, the plan refuses it.";
    UNDECLARED = "KF0232" Configuration "environment or folder that is not declared"
        "The project declares its environments here, and the one named is not among them; or the environment is declared here, and the folder is not. If it exists nevertheless, this is fine; else the apply will fail.";
    SECRET_PLACE = "KF0233" Configuration "source that can't be used here"
        "`secret_random` makes a value once, when a `secret` is created, and keeps it there. Anywhere else nothing could keep it: refer to the secret with `secret_stored`.";
    NO_IMPORT = "KF0234" Configuration "destination can't be imported from"
        "The first sync is to import what the destination holds, but the backend can't read secrets back from it. Use `initial_sync = \"overwrite-destination\"`.";
    BAD_MOVE = "KF0235" Configuration "moved block that can't be followed"
        "A `moved` block says that what was declared as `from` is declared as `to` now. Then `from` is no longer declared, `to` is, both are of one kind, and no other block moves something to or from the same address, or round in a circle.";
    STILL_DECLARED = "KF0236" Configuration "removed and still declared"
        "A `removed` block says that something is declared no longer, and a block still declares it, or something nested in it. One of the two is wrong.";
    MODULE_SOURCE = "KF0237" Configuration "module can't be read"
        "The source of a module is the path of a local directory, relative to the file that names it, with `*.hcl` files in it: `./modules/service`. It is a plain text, because it is read before anything is evaluated; and a module can't call itself. What is kept elsewhere (in a registry, in another repository) has to be fetched by other means.";
    MODULE_INPUT = "KF0238" Configuration "module is called wrongly"
        "A `module` block sets the variables of the module by their names. A variable without a default must be set, and a name that is no variable of the module can't be.";
    BAD_IMPORT_BLOCK = "KF0239" Configuration "nothing can be imported to this"
        "An `import` block names the address of a resource that is declared, with its key where it has instances. What only keyform knows (key schemas, and syncs that keyform runs itself) is nothing that the backend could have.";
    SECRET_SOURCE = "KF0240" Environment "secret could not be read"
        "A secret source (`secret_env`, `secret_file`, `secret_exec`) did not give a value: the variable is not set, the file can't be read, the program failed, or what it gave is empty. What was read is never shown.";
    EXEC_NOT_ALLOWED = "KF0241" Configuration "programs may not be run"
        "`secret_exec` runs a program to get a secret. A configuration that others wrote could run anything, so it is only done under `--allow-exec`.";
    SECRET_FILE_EXPOSED = "KF0242" Environment "secret file is readable by others"
        "A file that `secret_file` reads can be read by other users of this machine. Give it the mode 0600, or let it come from the environment.";
    NOT_IGNORABLE = "KF0244" Configuration "difference that can't be ignored"
        "A plan shows what a sync will do with its settings as they are declared. If another setting of the backend were ignored, the backend would do something else than the plan shows, and could delete keys that it calls left alone. Declare the setting as it is to be.";
    LEDGER_BLOCK = "KF0260" Configuration "ledger can't be kept like this"
        "The `ledger` block names a place in a way that does not work: an address that holds a password (which would be in plain text in a file that is committed), or one that is none.";
    BAD_RECIPIENT = "KF0265" Configuration "not a recipient"
        "`undo { recipients = [...] }` lists public keys of age, each of which begins with `age1`: `age-keygen`, or `keyform undo --new-identity FILE`, makes one and prints it. Keys of SSH, of hardware and of post-quantum plugins are not taken.";
    IDENTITY_WRITTEN = "KF0266" Configuration "a private key stands in the configuration"
        "What begins with `AGE-SECRET-KEY-1` opens everything that was ever sealed for it, so it belongs in a file that only its owner can read, away from the configuration and the ledger. The configuration names the public key, which begins with `age1`. Treat a private key that stood in a configuration as known to others: make a new one.";
    // 03 graph
    CYCLE = "KF0301" Configuration "resources need each other in a circle"
        "Each of them would have to exist before the other. Every step of the circle is underlined: a reference, `depends_on`, or a name that implies one (a secret needs its folder). Remove one of the steps.";
    IMPORT_CYCLE = "KF0302" Configuration "imports lead in a circle"
        "A folder would import itself, directly or by way of others, also across environments: which of them has a secret could not be said. Every import of the circle is underlined; remove one of them.";
    // 04 plan
    NOT_MANAGED = "KF0401" Configuration "exists already and is not managed"
        "What the configuration declares is there, but this ledger did not make it: someone else did, or the ledger was lost. Nothing is taken over silently: `--adopt` takes it over, with what differs shown as a hazard; another name leaves it alone.";
    IMPORT_NAMES = "KF0402" Vendor "import would fail"
        "The first run of this sync imports what the destination holds, and some keys there become names that no secret can have: with `:` or `/` in them, or empty; or it holds values that do not come back, so that nobody knows what would be in the source. The backend then refuses the whole run, or takes nothing for a value. A value with `${…}` in it is taken, but as a secret it refers to others, and the next push writes to the destination what it comes to. Use a key schema that leaves them out, rename them at the destination, or choose `overwrite-destination`.";
    STILL_USED = "KF0403" Configuration "still in use"
        "An environment or folder is no longer declared, so it would be deleted; but secrets, imports or syncs that are declared are in it or read it. Declare it again, or take those away as well.";
    IMPORT_DECLARED = "KF0404" Configuration "import would overwrite what is declared"
        "The first run of this sync takes the destination's values into the source, also for secrets that the configuration gives another value. The next apply would write the declared values again, and the destination's would be lost. Choose `import-prioritize-source` or `overwrite-destination`, put the destination's value where the declaration takes its own from, or leave those secrets undeclared until the import is done.";
    MOVE_TAKEN = "KF0405" Configuration "moved to an address that is taken"
        "A `moved` block says that what the ledger has under one address is declared under another one now, and the ledger has something there, too. Two things can't become one. Remove the block; or, if one of them is not to be managed any longer, say so with a `removed` block and apply that first.";
    STALE_PLAN = "KF0406" Environment "saved plan is no longer true"
        "A saved plan is applied only as it was reviewed: with the same configuration, ledger and version of keyform, and with the resources that it touches as they were, each with all of its keys. Something of that is different now, so nothing was changed. What changes elsewhere does not matter. Look at a new plan.";
    BAD_PLAN = "KF0407" Configuration "not a saved plan"
        "`keyform plan --out FILE` writes a plan that can be applied and shown later. The file is something else, was edited or cut, or is of a later version. Plan again.";
    OTHER_PLAN = "KF0408" Configuration "not the plan that was reviewed"
        "`--checksum` names the plan that may be applied, by the checksum that `keyform plan` printed. What would be done now is another plan: the configuration, the backend or a destination changed since. Nothing was changed.";
    NO_SUCH_IMPORT = "KF0409" Configuration "nothing to import"
        "What an `import` block or `keyform import` names is not on the backend, is of another kind, or is managed already. It is named by its id, or by its path: a project's slug, `project/environment`, `project/environment/path/of/folder`, `project/environment/path/KEY`, `project/tag`, `project/sync`, a connection's name, and `project/connection` where it belongs to a project.";
    NO_SUCH_DATA = "KF0410" Configuration "nothing to look up"
        "A `data` block looks something up that exists: a project by its slug, a connection by its app and name, a machine identity by its name. The backend has none of that name, or this machine identity can't see it. Correct the name, or declare the thing instead of looking it up.";
    RULE = "KF0411" Configuration "a rule is not met"
        "A `rule` block of the configuration says what every resource of a kind must be like, and this one is not like that. It is the hazard `rule`: declare the resource as the rule wants it, say `allow = [\"rule\"]` in its block, or allow the number once with `--allow rule=N`.";
    ONE_KEY = "KF0412" Configuration "two secrets become one key"
        "Two secrets would be stored under one key of one place: by one sync whose destination changes letters, by two syncs, or by a sync that the backend has and nothing declares. The one that is written last wins, and each run undoes the other. A plan with this hazard (`collision`) is never applied: rename one of the secrets, or give one of the syncs another key schema or place.";
    TARGET_SETS_OFF = "KF0413" Configuration "a sync would run that is to be changed itself"
        "A sync with auto-sync is run by the backend as soon as something in its source changes, with all of its keys. What the targets change sets off one that is itself declared otherwise than it is, so nobody can say what it would write. Make it a target as well, or apply its own change first.";
    SWAPPED = "KF0414" Configuration "two things change places"
        "Two things of a kind, or more of them in a circle, are each declared where another one still is, or with the name that it still has: secrets, environments, projects, tags, roles, templates, connections or syncs. A backend has every key and every such name once, so none of them can go first. Give one of them a name that is free, apply that, and then the name that it is to have.";
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
    // 09 engine
    NEED_MISSING = "KF0901" Configuration "something that this needs does not exist"
        "A change needs a thing of the backend that is not there: a project, an environment, a folder or a connection that was not declared, or that was deleted a moment ago. Declare it, or plan again.";
    STORED_MISSING = "KF0902" Configuration "a stored secret does not exist"
        "`secret_stored` names a secret of the backend as `project/environment/path/KEY`, and there is none of that name, or this machine identity can't see it.";
    SYNC_FAILED = "KF0903" Vendor "the backend's sync failed"
        "The backend ran the sync and reports that it failed; its own words say why. The keys that it wrote before stay written. Mend the cause and apply again.";
    SYNC_TIMEOUT = "KF0904" Vendor "the backend's sync did not end in time"
        "The sync was started and was still under way when `timeout` of the `secret_sync` block was over. It may still end well: plan again later, or raise the timeout.";
    NOT_ARRIVED = "KF0905" Vendor "the destination is not as it was written"
        "The sync ended without an error, but the destination, read again, does not hold what was sent, or still holds what was to go. A filter or a rule of the destination may have dropped or changed it, or something else writes there too.";
    NOT_INSPECTED = "KF0906" Environment "a destination was not inspected"
        "The credentials of the connection are not at hand, or the destination could not be read, so the plan can't say which keys will change there. The backend's sync works all the same.";
    SOURCE_LATER = "KF0907" Environment "the value of a secret is not at hand"
        "The place that the value comes from can't be read now. The plan goes on without it: what the backend has stands, and something new is shown with an unknown value, which applying needs.";
    RANDOM_PLACE = "KF0908" Configuration "a random value can't be used here"
        "`secret_random` makes a value once, when the secret is created; it works only for `secret` blocks. For anything else store the value as a secret and name it with `secret_stored`.";
    SOURCE_UNREAD = "KF0909" Environment "the source of a sync could not be read"
        "The secrets that a sync would push could not be read in full, so its entries are unknown. An unread source is never taken for an empty one.";
    DESTINATION_WRITE = "KF0910" Vendor "the destination did not take a key"
        "The destination answered a write with an error. The other keys are not touched by it; apply again once the cause is mended.";
    VALUE_MISSING = "KF0911" Environment "a value that has to be written is not at hand"
        "The plan makes something with a secret whose source can't be read now: a variable is not set, a file is not there, a program may not run. Apply refuses such a plan before it changes anything. A secret that exists already is different: the value that the backend has for it stands, and only a warning says that it was not compared.";
    LEFT_OFF = "KF0912" Vendor "a sync does not start by itself yet"
        "A new sync is made with its auto-sync off, run once, and switched on only when everything is at the destination as it was planned. Where this one was made, not all of it arrived; the other problems say what, and it stays off until an apply finds everything there. A sync that gets other settings, or ends, while secrets of its project change, is switched off first, so that it does not push what is new with settings that are old; where the apply stopped before its own row, it is still off, and the next plan says so.";
    UNPLANNED = "KF0913" Vendor "the destination changed otherwise than planned"
        "After the backend ran a sync, keys of the destination that the plan did not name are gone, new, or have another value. Either the backend does not do what keyform expected of it, or somebody else wrote there at the same time. Nothing of it is recorded: the next plan shows what is there now.";
    ELSEWHERE_UNSEEN = "KF0914" Environment "what another sync will delete is not known"
        "The backend has a sync that nothing declares, and will run it because the plan changes secrets that it pushes. Its destination, or its folder, could not be looked at, so it may delete keys there that nobody has seen. Look at that sync in the backend before you apply; declared, its keys would be part of the plan.";
    NO_GATEWAY = "KF0921" Configuration "no such gateway"
        "A connection names a gateway that the backend does not have, or that this identity can't see. `gateway` takes the name or the id of one.";
    UNTRIED = "KF0922" Environment "credentials are kept untried"
        "keyform knows no request that tells good credentials of this app from bad ones, so its embedded backend keeps them as they are given. Infisical itself tries them before it keeps them.";
    MANAGED = "KF0923" Environment "the backend takes the credentials over"
        "With `platform_managed_credentials` the backend changes the password as soon as the connection is made, and keeps the new one to itself. There is no way back: the declared password is never used again, and to end it the connection has to be made anew with another one.";
    INTEGRATION_FAILED = "KF0926" Vendor "a native integration did not go well"
        "The backend runs a native integration by itself, and says of the last time only that it failed, and why, in its own words. What is declared was written to the backend; what the service holds is not known. Mend the cause (credentials, permissions, a name of the service): it runs again whenever it or what it pushes changes.";
    LEFT_OUT = "KF0930" Vendor "no configuration can say this"
        "`adopt` found something that no configuration of this version can declare: an app or destination that it does not know, a connection that can only be made in a browser, a sync whose folder is gone. It was left out, and stays as it is at the backend.";
    CAPSULE_WRITE = "KF0940" Environment "undo capsule can't be written"
        "With an `undo` block, whatever a run overwrites or deletes is sealed and kept beside the ledger before the run begins. That failed, so nothing was changed: what is lost could not be brought back. `--no-undo` goes on without.";
    CAPSULE_READ = "KF0941" Environment "undo capsule can't be used"
        "What a run kept for `keyform undo` is gone, damaged, or was written by a later version. Nothing of it was used.";
    CAPSULE_SEALED = "KF0942" Configuration "undo capsule is sealed for others"
        "A capsule can be opened with the private key (the identity) of any recipient that the `undo` block named when the run began, and with nothing else. The one that was given is not among them.";
    CAPSULE_FOREIGN = "KF0943" Environment "undo capsule is not of this ledger"
        "Anybody can seal something for a recipient whose key is public. That is why a capsule carries a mark that can only be made with the ledger's fingerprint key. This one does not carry it: it was put there by somebody else, belongs to another ledger or another run, or the key was replaced since.";
    CHANGED_SINCE = "KF0944" Configuration "it has changed since that run"
        "What is there now is neither what the run left nor what was there before: somebody, or a later run, wrote it since. An undo leaves it alone and puts back the rest, unless `--allow takeover=N` overwrites that as well, with the number that is named.";
    NO_WAY_BACK = "KF0945" Configuration "it can't be put back"
        "A value is put back to where it was: an entry through the sync that is declared under the same address with the same destination, a secret into its project, environment and folder. That is not there any more, or can't be read. An undo brings back values, not projects, environments, folders or syncs: declare these, apply them alone, then undo, as docs/undo.md shows. `age -d` shows what the capsule holds in any case.";
    // 10 command line
    UNREADABLE = "KF1001" Environment "file can't be read"
        "A file or directory that the command line names, or standard input, can't be read or is not UTF-8 text.";
    UNWRITABLE = "KF1002" Environment "file can't be written"
        "A file that the command makes or changes can't be written. Reports and plans are tried before anything is done, so nothing was applied; one that could be written then and no longer at the end is told after the run, which stands. Check the directory, the permissions and the space, and run the command again.";
    RUNTIME = "KF1003" Environment "machine refuses to start threads"
        "Commands that use the network need threads and timers, and the machine gave none: a limit on processes or open files is reached.";
    NEEDS_CONFIRMATION = "KF1004" Configuration "nobody is there to confirm"
        "Changes are applied after somebody said yes. There is no terminal to ask on, so it must be said on the command line: --auto-approve, after `keyform plan` was looked at. Hazards still need their own --allow.";
    DECLINED = "KF1005" Configuration "not confirmed"
        "The question was not answered with `yes`. Nothing was changed.";
    HAZARDS = "KF1006" Configuration "plan is dangerous and not allowed"
        "The plan has hazards that neither the configuration nor the command line allows. Each is named with its number above; `--allow KIND=N` allows exactly as many as were reviewed, and `keyform explain KIND` says more.";
    UNKNOWN_TOPIC = "KF1007" Configuration "nothing to explain"
        "`keyform explain` knows the codes of diagnostics, the names of hazards, and `exit-codes`.";
    NOT_EMPTY = "KF1008" Configuration "there is a configuration already"
        "`keyform init` writes a first configuration into a directory that has none, and never overwrites one. `keyform adopt` asks the backend that the configuration names, and no other: `--backend` and `--url` are for one that names none.";
    UNKNOWN_PROVIDER = "KF1009" Configuration "unknown provider"
        "`keyform providers` lists all apps and destinations, the built-in ones and those of `providers/*.hcl` beside the configuration.";
    UNKNOWN_ADDRESS = "KF1010" Configuration "unknown address"
        "An address on the command line names nothing that is declared, and nothing that the ledger knows.";
    BAD_PLACE = "KF1011" Configuration "not a place of secrets"
        "A folder is written `project/environment`, `project/environment/path/of/folders`; a secret has its key after that. The first two are slugs.";
    NO_SUCH_SECRET = "KF1012" Configuration "no such secret"
        "The folder exists but has no secret of this key. Imported secrets belong to the folder that they are imported from.";
    BAD_IMPORT = "KF1013" Configuration "file of secrets is malformed"
        "A file to be imported is dotenv (`KEY=value` lines, quotes and `export` allowed) or a JSON object of texts. The line is named; its content is not shown, because it may be a secret.";
    SIGNALS = "KF1014" Environment "signals can't be heard"
        "The machine did not let keyform listen for SIGINT or SIGTERM, so that it could not stop in an orderly way.";
    VALUE_IN_ARGUMENTS = "KF1015" Configuration "value on the command line"
        "Every user of a machine can see the arguments of its programs, and a shell keeps them in its history. That is why a secret's value comes from standard input or from a file.";
    EMPTY_VALUE = "KF1016" Configuration "value is empty"
        "Standard input or the file held nothing. That is mostly a command before the pipe that failed, and an empty value would be pushed to every destination at once. If it is meant, add --allow-empty.";
    SECRET_WIPES = "KF1017" Configuration "secret would set off a deletion"
        "As soon as a secret changes, the backend runs every sync of its folder that has `auto_sync`, and such a run deletes keys at the destination that the source lacks. Some of these keyform does not manage, or it could not look. Nothing was written; `--allow-wipe` writes all the same.";
    FILE_TAKEN = "KF1030" Configuration "file would be overwritten"
        "A file that would be written is there already, with another text. Files of a configuration, and files of secrets that hold other keys, are only overwritten under `--force`.";
    BAD_STATE = "KF1031" Configuration "no state that can be used"
        "The file is no state of Terraform, or one of another version than 4, which Terraform 0.12 and later write. Its text is not shown, because a state holds secrets.";
    OWNED_TWICE = "KF1035" Configuration "address is taken in the ledger"
        "A record was to be moved to an address under which the ledger has something already. Two things can't become one: forget one of them first with `keyform ledger rm`.";
    NO_SUCH_RUN = "KF1040" Configuration "no such run"
        "`keyform undo` lists the runs that kept something. A run is named by its name, by the beginning of it, or as `last`. Of all runs only the newest are kept, as many as `keep` in the `undo` block says.";
    NO_IDENTITY = "KF1041" Configuration "no key to open a capsule with"
        "A capsule is sealed; to undo a run, give the file with the private key of one of its recipients: `--identity FILE`, or KEYFORM_UNDO_IDENTITY with the path of the file, or with the key itself.";
    BAD_IDENTITY = "KF1042" Configuration "not an identity of age"
        "An identity file is what `age-keygen` writes: lines that begin with `AGE-SECRET-KEY-1`, comments and empty lines. Files that are themselves encrypted, and keys of SSH or of plugins, are not taken; `age -d` decrypts the former. What was read is not shown.";
    OUTPUTS = "KF1045" Configuration "outputs are in each other's way"
        "Standard output can carry one result: the text, or one `--output` without a file. Others go into files, as many as are wanted, from the same run: `--output sarif=plan.sarif --output markdown=plan.md`.";
    LISTEN = "KF1050" Environment "address can't be listened on"
        "`keyform watch --listen` serves its metrics at an address of this machine. Something listens there already, the address is none of this machine's, or the port needs more rights.";
    NO_TRACES = "KF1051" Configuration "traces can't be sent"
        "`keyform watch` sends a trace of each run to where OTEL_EXPORTER_OTLP_ENDPOINT says, by HTTP and as JSON. The variable holds no address, another protocol is asked for, or the collector refuses. OTEL_SDK_DISABLED=true turns traces off.";
    OUTPUT_PLACE = "KF1055" Configuration "output would take the place of something else"
        "A file whose name ends in `.hcl` is read as configuration by the next run, and may be configuration now; the directory `.keyform` has the ledger and its key. No output is written there.";
    BAD_SLUG = "KF1060" Configuration "not a name for a provider"
        "A provider is named by lower-case letters, digits and dashes, beginning with a letter: `acme`, `acme-vault`. Its name is what `app_connection` and `secret_sync` blocks are labelled with, and that of its file.";
    NO_TRIAL = "KF1061" Configuration "nothing that can be tried"
        "`keyform providers test` takes the address of a declared secret sync: it tries the destination of that, with the credentials of its connection.";
    NO_ROOM = "KF1062" Configuration "no room for keys to try with"
        "A trial writes a few keys of its own and takes them away again. Here it can't: the destination is full, or its rules take none of the names that a trial has for them. Nothing was written.";
    LAW_BROKEN = "KF1063" Vendor "destination breaks a law"
        "Every destination keeps the same laws, or plans about it would be wrong: what was created is read, an update touches one key, values arrive as they left. The law that is broken is named, with what was seen. Mostly the manifest says something else than the service does: look at the requests with `-vv`. A service that shows what was written only after a while is waited for, ten seconds long.";
    LEFT_BEHIND = "KF1064" Vendor "keys of a trial are left behind"
        "What a trial wrote could not be taken away again, or nobody knows whether it was. The keys have names that nobody else has, their values mean nothing, and no run of keyform touches them: take them away by hand.";
    NOWHERE = "KF1065" Configuration "found nowhere"
        "`keyform where` looks at the projects, environments and destinations that the configuration declares, and at nothing else: a secret of another project, or a copy that somebody made elsewhere, it can't find.";
    // 11 reports
    BAD_REPORT = "KF1101" Configuration "not a report"
        "`keyform comment` takes what keyform itself wrote: a plan that `plan --out` kept, what `plan --json` or `apply --json` printed, or what `--output json=FILE` wrote. The file is something else, was cut, or is of another version.";
    NO_PLATFORM = "KF1102" Configuration "nowhere to comment"
        "`keyform comment` finds the platform, the repository and the change in the environment of GitHub Actions, GitLab CI, Bitbucket Pipelines, Azure Pipelines and Gitea or Forgejo Actions. Elsewhere, `--platform`, `--api`, `--repo` and `--change` say it; `--dry-run` needs none of them.";
    NO_TOKEN = "KF1103" Credentials "no token to comment with"
        "A token comes from the environment, never from the command line, where every user of the machine could see it: KEYFORM_COMMENT_TOKEN, or the variable that the platform is known for.";
    NOT_POSTED = "KF1104" Vendor "comment could not be posted"
        "The platform refused the comment or could not be reached, so the change shows an older one or none. The same text is in the job's summary where there is one; `--dry-run` prints it. What the token must be allowed to do is named.";
    NOT_MARKED = "KF1105" Vendor "status or label could not be set"
        "The comment is where it should be; the commit's status, the check or the label is not. Mostly the token may comment, but not that.";
    NO_SUCH_THING = "KF1106" Configuration "the platform has no such thing"
        "Bitbucket Cloud's changes have no labels, and only GitHub has checks with notes at lines. Everything else was done.";
    NEWER_COMMENT = "KF1107" Environment "a newer run has commented already"
        "The comment on the change says that a later run wrote it, so this one left it as it is: it would show what is no longer true. Runs are told apart by their number in one pipeline, else by the time of the plan. If no such run exists, somebody else wrote that comment: delete it.";
    BAD_ACCEPTANCE = "KF1130" Configuration "not a finding that can be accepted"
        "An `accept` block of drift.ignore.hcl names an address and one verdict, says why that is accepted, and has a last day: without one, what was accepted once would be overlooked for ever.";
    EXPIRED = "KF1131" Configuration "accepted until a day that has passed"
        "What an `accept` block of drift.ignore.hcl accepts is still there, and its last day is over: it counts again. Put it right, or accept it anew with another day.";
    NOTHING_ACCEPTED = "KF1132" Configuration "nothing is accepted by this"
        "An `accept` block of drift.ignore.hcl names a finding that is not there: it was put right, or has another verdict by now. Take the block away, so that it does not hide the next one.";
    NOT_HEALED = "KF1133" Environment "more than drift would be applied"
        "Healing writes what is declared where something was changed outside, and nothing else. When it was about to begin, the plan had other changes as well, so that nothing was changed: somebody was at work in between, or these belong together. `keyform plan` shows all of it.";
    NOT_NOTIFIED = "KF1134" Vendor "somebody was not notified"
        "A channel of a `notify` block could not be reached, refused, or its secret is not at hand. The report itself is whole, and the run ends with 7, so that whoever relies on being told sees that nobody was. What was not told is told by the next run. Addresses that are secrets are shown by their host alone.";
    NOBODY = "KF1135" Configuration "nobody to notify"
        "`--notify` tells the channels that `notify` blocks of the configuration name, and there is none. `docs/ci.md` has one for each kind of channel.";
    TOLD = "KF1136" Environment "what was told is not known"
        "Which findings were told to whom is kept beside the ledger, in `told.json`, so that only news is told. It could not be read or written: things may be told once more than needed. It is no part of the ledger, and can be deleted.";
    SNAPSHOT_BAD = "KF1160" Configuration "not a snapshot"
        "`plan --snapshot` takes what `keyform snapshot --out FILE` wrote: two lines, the second of which is the signature of the first. The file is something else, was cut, or is of another version.";
    SNAPSHOT_FORGED = "KF1161" Environment "snapshot is not signed by a trusted key"
        "Whoever could write a snapshot could make a plan say anything. So only one is used that the owner of a named key signed, as it is: the key is named with `--snapshot-key`, in KEYFORM_SNAPSHOT_KEY, or in the `keyform` block.";
    SNAPSHOT_EXPIRED = "KF1162" Environment "snapshot has expired"
        "A snapshot says how things were, and has an end after which that is no longer worth planning with. The trusted job takes a new one, on a schedule or after each apply.";
    SNAPSHOT_OTHER = "KF1163" Configuration "snapshot is of another configuration"
        "A snapshot is of one backend and one ledger, as the `backend` and `ledger` blocks name them. This configuration names others, so that what the snapshot says is about something else.";
    SNAPSHOT_KEY = "KF1164" Configuration "no usable key for snapshots"
        "Snapshots are signed with a private key in KEYFORM_SNAPSHOT_SIGNING_KEY, and checked with its public key: `--snapshot-key`, KEYFORM_SNAPSHOT_KEY, or `snapshot_keys` in the `keyform` block. `keyform snapshot keygen FILE` makes a pair.";
    SNAPSHOT_LACKS = "KF1165" Environment "not in the snapshot"
        "A snapshot has what its configuration mentioned, and the whole of the projects that it mentioned. What is asked for beyond that may be there or not: it is unknown, never absent, and nothing is planned about it.";
    SNAPSHOT_VALUE = "KF1166" Environment "value is not read for a plan from a snapshot"
        "A plan from a snapshot reads no variable, file or program for a secret, so that a configuration from a stranger can be planned. What the backend has stands; where the source of a value is new or another one, only a plan with credentials can tell what it comes to.";
    SNAPSHOT_USED = "KF1167" Environment "planned from a snapshot"
        "The plan was made from what was there when the snapshot was taken, not from what is there now, and no value was read. It shows what a change of the configuration would do; apply plans again with what is live, and does not do what was only true of the snapshot.";
    SNAPSHOT_ODD = "KF1168" Internal "snapshot can't be written"
        "A snapshot holds no value, which is checked once more while it is written. Something in what was read is neither plain nor a stand-in, so that nothing was written. That is a mistake in keyform; please report it.";
    UNUSED = "KF1180" Configuration "nothing uses this"
        "A manifest declares an input that none of its requests asks for, or a lookup whose result nobody wants. A user who sets such an input expects that it does something.";
    SHOWN_CREDENTIAL = "KF1181" Configuration "credential that is not secret"
        "An input of a connection is called like a credential and is not `sensitive`: its value would be taken for plain text, shown in plans and kept as it is.";
    NEVER_TRIED = "KF1182" Configuration "credentials that nothing tries"
        "Without a `verify` block, or a `login`, nothing tells good credentials from bad ones before they are used: a mistake in them is found only when a key is to be written.";
    BAD_DAY = "KF1183" Configuration "not a day"
        "`verified` is the day on which the facts of a manifest were last compared with the vendor's documentation, so that whoever doubts them knows how old they are. It is written YYYY-MM-DD.";
    NO_WORDS = "KF1184" Configuration "service's own words are lost"
        "Where a service says why it refused something, `errors { message = … }` shows that, without what is secret. Without it people see a status and nothing else.";
    SET_BACK = "KF1185" Configuration "declared, so the next apply sets it back"
        "A secret was written by hand that the configuration declares. The backend has the new value, and what pushes it gets it, until the next apply writes the declared one again: the plan shows it as changed outside. Change the value where the declaration takes it from, or have the block say `lifecycle { ignore = [value] }` if it is only ever set by hand.";
    BAD_TEST = "KF1190" Configuration "not a test"
        "A `*.kftest.hcl` file is made of `variables`, `stand_ins`, `given` and `run` blocks; `docs/testing.md` has all of them, with an example. What is underlined is none of that.";
    NO_TESTS = "KF1191" Configuration "nothing to test"
        "`keyform test` runs the `*.kftest.hcl` files beside the configuration and in its directory `tests/`. There is none, or `--filter` matches no file and no run.";
    NOT_GIVEN = "KF1192" Configuration "what is given can't be made"
        "A `given` block is what others did: it is made in the throw-away backend by the same means as by an apply, and written at the destinations in memory. Something in it was refused there, as it would be refused to the others.";
    OTHER_ENDING = "KF1193" Configuration "run ended otherwise than expected"
        "A run is expected to end well: with 0, and without an error. What is to be refused is named by its code, `refused = [\"KF1006\"]`; an `exit` code or `hazards` can be expected as well. The later runs of the file go on from what this one should have left, so they are skipped.";
    NOT_AS_EXPECTED = "KF1194" Configuration "it is not as expected"
        "What a run came to differs from what its `expect` block says. The expectation is underlined, with what came instead. Values are never shown, not even those of a test.";
    NOT_ASSERTED = "KF1195" Configuration "assertion does not hold"
        "The condition of an `assert` block is false, and its message says what that means. Conditions are expressions over `plan`, which is what `plan --json` prints, `report`, `exit`, `diagnostics` and `entries`.";
    BAD_ASSERTION = "KF1196" Configuration "assertion can't be made"
        "The condition of an `assert` block has no truth value, or its message no text: a name is unknown, an element is not there, or the type is another one. Neither may be made of an entry's value.";
    NO_WORLD = "KF1197" Environment "no throw-away directory"
        "Every file of tests has a backend and a ledger of its own, in a directory below the one for temporary files that is taken away afterwards. It could not be made there: look at the space and the permissions, or name another one with TMPDIR.";
    KEPT_HERE = "KF1199" Internal "request would leave this machine"
        "While `keyform test` runs, no request leaves this machine: backends and destinations have stand-ins. Something asked for one all the same, and it was not sent. That is a mistake in keyform, or a part of it that tests can't have yet.";
    SHARD_WAITS = "KF1270" Environment "another shard has to be first"
        "What several parts of a configuration need, such as a connection of the organisation, is changed by shard 1 alone. As long as it has something to do there, a shard that needs it for a change of its own refuses its plan (exit code 6) before it touches anything. Run shard 1, then this one again; in a CI, retrying the job does.";
    SHARD_PLACE = "KF1271" Configuration "two shards at one place"
        "A sync of this shard ends, or leaves the place where it wrote, and takes its keys along; a sync of another shard is declared to write there now. Which of the two comes first matters, and shards do not wait for each other. Apply this change once without `--shard`; afterwards each shard is alone with its places.";
    SHARD_UNKNOWN = "KF1272" Environment "which shard this is, is not known"
        "`--shard auto` takes the number of this job, and how many there are, from the environment that a CI gives to jobs that run at once. It is not there, or makes no sense. An Indexed Job of Kubernetes is told its number only: KEYFORM_SHARDS has to say how many there are. Elsewhere KEYFORM_SHARD, counted from 1, and KEYFORM_SHARDS say both. docs/shards.md has a whole job for each.";
    SHARD_LEFT = "KF1273" Configuration "no shard ends this"
        "A connection, an identity or a template that is no longer declared may still be in use by what any of the shards has not applied yet. So no shard takes it away: `keyform apply` without `--shard`, once the shards are through, does.";
    LATER_FILE = "KF1280" Environment "file is of a later version"
        "Plans, reports, snapshots and undo capsules say of which version they are, and most of them which keyform wrote them. This one is of a later version than this keyform knows, so that nothing of it was used: it could mean something else. Use the keyform that is named, or a later one; `docs/compatibility.md` says what reads what.";
    SHARD_MISSING = "KF1290" Environment "nothing is known of a shard"
        "`comment` and `show` put the plans or reports of all shards of one split together. Of this shard there is no file, or one that says that it failed: its job may have died, or have had no time yet. What the others say is shown, and is not the whole: the verdict says so, and there is no way to apply it. Run the job of that shard again, and give the files of all.";
    SHARD_TWICE = "KF1291" Environment "a shard is there twice"
        "Two of the files are of the same shard, so that one of them is older, and what they say would count twice. Give one file for each shard: those of one pipeline, in a directory that nothing else is left in.";
    SHARDS_APART = "KF1292" Environment "files are not of one split"
        "Plans or reports that are put together have to be of all shards of one split of one configuration: of as many shards, the same files and variables, the same ledger, the same command, and no further apart than six hours. Give what the jobs of one pipeline wrote, and nothing that an earlier one left.";
    NOT_DRAWN = "KF1293" Configuration "not drawn in this form"
        "`keyform show --output` draws the files of saved plans, and the reports that `--output json=FILE` wrote, in the forms that a plan is given in. What is declared and managed has no such form: `keyform show --json` says it to programs. `keyform where` is drawn as text, json and html: it is no plan.";
    RUN_FAILED = "KF1300" Vendor "last run of a sync failed"
        "The backend says that the last run of a sync failed, and why. A plan compares what is at the destination, so it may have nothing to do all the same: nothing is wrong there yet, but the next change will not arrive either. Mend the cause; the next run, by the backend itself or by an apply that changes something of it, tells.";
    LEDGER_ALONE = "KF1311" Configuration "ledger is shared, the backend is not"
        "The `ledger` block puts the ledger where every machine finds it, while the embedded backend is in `.keyform/server` of this machine alone. Another machine would find records of things that its own backend does not have, and plan to make all of them again. Either declare the backend that all machines talk to, which can be a `keyform serve` as well, or leave the ledger beside the backend.";
}
