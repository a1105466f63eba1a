//! What is declared: rooms 01 to 04, language, configuration, graph and plan.

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
    TAKEN_ALONG = "KF0415" Configuration "a sync that goes would take another one's keys along"
        "When a sync with `on_delete = \"remove\"` ends, or leaves its place, the backend takes every key away that its source has, whoever wrote it. Another declared sync has some of these keys at the same place, and since they are right, this plan would not write them again. Declare the sync that goes with `on_delete = \"keep\"` and apply that; then it goes without them.";
}
