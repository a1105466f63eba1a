//! What is done and told: rooms from 09 on, engine, command line and reports.

use crate::diag::Fault;
use crate::diag::code::Code;

codes! {
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
