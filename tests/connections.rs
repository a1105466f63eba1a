//! Every app and every method of app connections, through keyform against the embedded backend: made, nothing to
//! do, changed field by field, changed outside. What comes back of each is the table below, written from the
//! server's own answers and not from the manifests.

mod remote;

use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::engine::World;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::providers::front::Front;
use crate::services;
use keyform::http;
use keyform::http::client::Client;
use keyform::http::client::Policy;
use keyform::model::schema::Field;
use keyform::model::schema::Form;
use keyform::model::schema::Method;
use keyform::model::schema::Schemas;
use keyform::model::schema::Type;
use keyform::plan::Shown;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use keyform::server;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::Mutex;
use zeroize::Zeroizing;

/// App, method, the fields of its credentials as they are on the wire, and those of them that are given back. `~`
/// stands before those that are secrets, `?` behind those that may be left out; `UI` is a method that can only be
/// made in a browser.
const TABLE: &str = "
1password api-token | instanceUrl ~apiToken | instanceUrl
alibaba-cloud access-key | accessKeyId ~accessKeySecret regionId | accessKeyId regionId
anthropic api-key | ~apiKey |
auth0 client-credentials | domain clientId ~clientSecret audience | domain clientId audience
aws assume-role | ~roleArn stsEndpoint? | stsEndpoint
aws access-key | accessKeyId ~secretAccessKey | accessKeyId
azure-adcs username-password | adcsUrl username ~password sslRejectUnauthorized? sslCertificate? | adcsUrl username sslRejectUnauthorized sslCertificate
azure-app-configuration oauth UI
azure-app-configuration client-secret | tenantId clientId ~clientSecret clientSecretKeyId? | tenantId clientId
azure-client-secrets oauth UI
azure-client-secrets client-secret | tenantId clientId ~clientSecret clientSecretKeyId? | tenantId clientId
azure-client-secrets certificate | tenantId clientId certificateBody ~privateKey | tenantId clientId
azure-devops oauth UI
azure-devops access-token | ~accessToken orgName | orgName
azure-devops client-secret | clientId ~clientSecret tenantId orgName clientSecretKeyId? | clientId tenantId orgName
azure-dns client-secret | tenantId clientId ~clientSecret subscriptionId? | tenantId clientId subscriptionId
azure-entra-id client-secret | tenantId clientId ~clientSecret | tenantId clientId
azure-key-vault oauth UI
azure-key-vault client-secret | tenantId clientId ~clientSecret clientSecretKeyId? | tenantId clientId
bitbucket api-token | email ~apiToken | email
camunda client-credentials | clientId ~clientSecret | clientId
checkly api-key | ~apiKey |
chef user-key | serverUrl? orgName userName ~privateKey | serverUrl orgName userName
circleci api-token | ~apiToken host? | host
cloud66 access-token | ~accessToken |
cloudflare api-token | accountId ~apiToken | accountId
convex personal-access-token | ~accessToken instanceUrl? | instanceUrl
coolify api-token | ~apiToken instanceUrl | instanceUrl
databricks service-principal | clientId ~clientSecret workspaceUrl | clientId workspaceUrl
datadog api-key | url ~apiKey ~applicationKey | url
datadog token | url ~token | url
daytona api-key | ~apiKey |
dbt api-token | ~apiToken accountId instanceUrl | accountId instanceUrl
devin api-key | ~apiKey |
digicert api-key | ~apiKey region | region
digital-ocean api-token | ~apiToken |
dns-made-easy api-key-secret | apiKey ~apiSecret | apiKey
doppler api-token | ~apiToken |
easydns api-key-secret | apiKey ~secretKey | apiKey
external-infisical machine-identity-universal-auth | instanceUrl machineIdentityClientId ~machineIdentityClientSecret | instanceUrl machineIdentityClientId
f5-big-ip basic-auth | hostname port? username ~password sslRejectUnauthorized? sslCertificate? | hostname port username sslRejectUnauthorized sslCertificate
flyio access-token | ~accessToken |
gcp service-account-impersonation | serviceAccountEmail |
github pat | ~personalAccessToken instanceType? host? | instanceType host
github github-app UI
github oauth UI
github-radar github-app UI
gitlab access-token | ~accessToken accessTokenType instanceUrl? | instanceUrl accessTokenType
gitlab oauth UI
godaddy api-key | ~apiKey ~apiSecret |
hashicorp-vault access-token | instanceUrl namespace? ~accessToken | instanceUrl namespace
hashicorp-vault app-role | instanceUrl namespace? roleId ~secretId | instanceUrl namespace roleId
hasura-cloud access-token | ~accessToken |
heroku auth-token | ~authToken |
heroku oauth UI
humanitec api-token | ~apiToken |
keeper api-key | ~apiKey instanceUrl | instanceUrl
koyeb api-key | ~apiKey |
laravel-forge api-token | ~apiToken |
ldap simple-bind | provider url dn ~password sslRejectUnauthorized? sslCertificate? | provider url dn sslRejectUnauthorized sslCertificate
litellm api-key | ~apiKey instanceUrl | instanceUrl
mongodb username-and-password | host port username ~password database tlsEnabled? tlsRejectUnauthorized? tlsCertificate? | host port username database tlsEnabled tlsRejectUnauthorized tlsCertificate
mssql username-and-password | host port database username ~password sslEnabled? sslRejectUnauthorized? sslCertificate? | host port database username sslEnabled sslRejectUnauthorized sslCertificate
mysql username-and-password | host port database username ~password sslEnabled? sslRejectUnauthorized? sslCertificate? | host port database username sslEnabled sslRejectUnauthorized sslCertificate
netlify access-token | ~accessToken |
netscaler basic-auth | hostname port? username ~password sslRejectUnauthorized? sslCertificate? | hostname port username sslRejectUnauthorized sslCertificate
northflank api-token | ~apiToken |
oci access-key | userOcid tenancyOcid region fingerprint ~privateKey | userOcid tenancyOcid region fingerprint
octopus-deploy api-key | instanceUrl ~apiKey | instanceUrl
okta api-token | instanceUrl ~apiToken | instanceUrl
ona personal-access-token | ~personalAccessToken |
open-router api-key | ~apiKey |
oracledb username-and-password | host port database username ~password sslEnabled? sslRejectUnauthorized? sslCertificate? | host port database username sslEnabled sslRejectUnauthorized sslCertificate
ovh certificate | ~privateKey certificate okmsDomain okmsId | okmsDomain okmsId
portainer api-token | ~apiToken instanceUrl | instanceUrl
postgres username-and-password | host port database username ~password sslEnabled? sslRejectUnauthorized? sslCertificate? | host port database username sslEnabled sslRejectUnauthorized sslCertificate
qovery access-token | ~accessToken instanceUrl? | instanceUrl
railway account-token | ~apiToken |
railway project-token | ~apiToken |
railway team-token | ~apiToken |
redis username-and-password | host port username ~password? sslEnabled? sslRejectUnauthorized? sslCertificate? | host port username sslEnabled sslRejectUnauthorized sslCertificate
render api-key | ~apiKey |
rundeck api-token | ~apiToken instanceUrl | instanceUrl
salesforce client-credentials | instanceUrl consumerKey ~consumerSecret | instanceUrl
smb credentials | host port domain? username ~password | host port domain username
snowflake username-and-token | account username ~password | account username
spacelift api-key-secret | apiUrl apiKeyId ~apiKeySecret | apiUrl apiKeyId
ssh password | host port username ~password | host port username
ssh ssh-key | host port username ~privateKey ~passphrase? | host port username
supabase access-token | ~accessKey instanceUrl? | instanceUrl
teamcity access-token | ~accessToken instanceUrl | instanceUrl
terraform-cloud api-token | ~apiToken |
travis-ci api-token | ~apiToken |
trigger-dev api-key | ~apiKey instanceUrl? | instanceUrl
venafi api-key | ~apiKey region | region
venafi-tpp oauth | tppUrl clientId username ~password | tppUrl clientId username
vercel api-token | ~apiToken |
windmill access-token | ~accessToken instanceUrl? | instanceUrl
zabbix api-token | ~apiToken instanceUrl | instanceUrl
";

/// The request that each app's credentials are tried with, as the backend does it. What is not here is kept untried.
const TRIED: &str = "
1password api-token GET one.example/v1/vaults
aws access-key POST sts.us-east-1.amazonaws.com/
azure-app-configuration client-secret POST login.microsoftonline.com/00000000-0000-4000-8000-000000000001/oauth2/v2.0/token
azure-devops access-token GET dev.azure.com/text/_apis/projects?api-version=7.2-preview.2&%24top=1
azure-devops client-secret POST login.microsoftonline.com/00000000-0000-4000-8000-000000000001/oauth2/v2.0/token
azure-key-vault client-secret POST login.microsoftonline.com/00000000-0000-4000-8000-000000000001/oauth2/v2.0/token
bitbucket api-token GET api.bitbucket.org/2.0/user
camunda client-credentials POST login.cloud.camunda.io/oauth/token
checkly api-key GET api.checklyhq.com/v1/accounts
circleci api-token GET one.example/api/v2/me
cloudflare api-token GET api.cloudflare.com/client/v4/zones
databricks service-principal POST one.example/oidc/v1/token
digital-ocean api-token GET api.digitalocean.com/v2/apps
flyio access-token POST api.fly.io/graphql
github pat GET api.one.example/user
gitlab access-token GET one.example/api/v4/user
hashicorp-vault access-token GET one.example/v1/auth/token/lookup-self
hashicorp-vault app-role GET one.example/v1/auth/token/lookup-self
heroku auth-token GET api.heroku.com/apps
humanitec api-token GET api.humanitec.io/orgs
laravel-forge api-token GET forge.laravel.com/api/me
netlify access-token GET api.netlify.com/api/v1/accounts
northflank api-token GET api.northflank.com/v1/projects
octopus-deploy api-key GET one.example/api/users/me
ona personal-access-token POST app.gitpod.io/api/gitpod.v1.IdentityService/GetAuthenticatedIdentity
qovery access-token GET one.example/organization
railway account-token POST backboard.railway.com/graphql/v2
railway project-token POST backboard.railway.com/graphql/v2
railway team-token POST backboard.railway.com/graphql/v2
render api-key GET api.render.com/v1/users
supabase access-token GET one.example/v1/projects
teamcity access-token GET one.example/app/rest/server
terraform-cloud api-token GET app.terraform.io/api/v2/organizations
travis-ci api-token GET api.travis-ci.com/user
trigger-dev api-key GET one.example/api/v1/projects
vercel api-token GET api.vercel.com/v9/projects
windmill access-token GET one.example/api/workspaces/list
zabbix api-token POST one.example/api_jsonrpc.php
chef user-key GET one.example/organizations/text/users/text
gcp service-account-impersonation GET 169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token
gcp service-account-impersonation POST iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/text%40mail.example:generateAccessToken
oci access-key GET identity.text.oci.oraclecloud.com/20160918/users/text
";

/// What is written where a UUID is wanted, and what it is changed to.
const ID: &str = "00000000-0000-4000-8000-000000000001";
const CHANGED_ID: &str = "00000000-0000-4000-8000-000000000002";

/// A row of the table.
struct Row<'a> {
    app: &'a str,
    method: &'a str,
    /// The name on the wire, whether it is a secret, whether it may be left out.
    fields: Vec<(&'a str, bool, bool)>,
    back: BTreeSet<&'a str>,
    is_browser_only: bool,
}

fn table() -> Vec<Row<'static>> {
    let rows = TABLE.trim().lines().map(|line| {
        let mut parts = line.split('|').map(str::split_whitespace);
        let mut head = parts.next().unwrap();
        let (app, method) = (head.next().unwrap(), head.next().unwrap());
        let fields = parts.next().into_iter().flatten().map(|word| {
            let name = word.trim_start_matches('~').trim_end_matches('?');
            (name, word.starts_with('~'), word.ends_with('?'))
        });
        let (fields, back) = (fields.collect(), parts.next().into_iter().flatten().collect());
        Row { app, method, fields, back, is_browser_only: head.next() == Some("UI") }
    });
    rows.collect()
}

impl Row<'_> {
    fn label(&self) -> String {
        format!("{}_{}", self.app, self.method).replace('-', "_")
    }

    fn address(&self) -> String {
        format!("app_connection.{}", self.label().trim_start_matches(char::is_numeric))
    }
}

/// The round in which a field is changed: what comes back, then what does not, then secrets.
fn round_of(field: &Field) -> u8 {
    match (field.sensitive, field.hidden) {
        (true, _) => 3,
        (false, true) => 2,
        (false, false) => 1,
    }
}

/// What is written of a field in a round, and after it.
fn value(field: &Field, round: u8) -> String {
    let changes = round_of(field) <= round;
    match &field.ty {
        // Some sign with it, so it has to be one.
        _ if &*field.name == "private_key" => format!("secret_file(\"key{}\")", if changes { "2" } else { "" }),
        _ if field.sensitive => format!("secret_file(\"secret{}\")", if changes { "2" } else { "" }),
        Type::Number => if changes { "2" } else { "1" }.to_owned(),
        Type::Bool => (!changes).to_string(),
        Type::OneOf(words) => format!("\"{}\"", words[if changes { words.len() - 1 } else { 0 }]),
        _ if ["instance_url", "workspace_url", "server_url", "host"].contains(&&*field.name)
            && matches!(field.ty, Type::String | Type::Form(Form::Url)) =>
        {
            let scheme = if &*field.name == "host" { "" } else { "https://" };
            format!("\"{scheme}{}.example\"", if changes { "two" } else { "one" })
        }
        Type::Form(Form::Uuid) => format!("\"{}\"", if changes { CHANGED_ID } else { ID }),
        Type::Form(Form::Email) => format!("\"text{}@mail.example\"", if changes { "2" } else { "" }),
        _ => format!("\"text{}\"", if changes { "2" } else { "" }),
    }
}

fn block(row: &Row<'_>, fields: &[Field], round: u8) -> String {
    let label = row.label();
    let mut out = format!("app_connection \"{}\" \"{}\" {{\n", row.app, label.trim_start_matches(char::is_numeric));
    writeln!(out, "  method = \"{}\"", row.method).unwrap();
    for field in fields {
        writeln!(out, "  {} = {}", field.name, value(field, round)).unwrap();
    }
    out + "}\n"
}

/// An answer that every vendor's good credentials could get, and what was asked.
fn vendors() -> (crate::providers::front::Vendor, Arc<Mutex<BTreeSet<String>>>) {
    let asked: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let heard = asked.clone();
    let answer = move |call: &Call| {
        let secret = format!("{:?} {}", call.headers, String::from_utf8_lossy(&call.body));
        // Some are wrapped in base64 or signed with.
        let signs = ["Basic ", "AWS4-HMAC", "Signature version", "x-ops-authorization-1", "metadata-flavor"];
        let shows = secret.contains("canary") || signs.iter().any(|sign| secret.contains(sign));
        assert!(shows, "no credentials: {} {}", call.method, call.target);
        heard.lock().unwrap().insert(format!("{} {}{}", call.method, call.header("host"), call.target));
        Answer::json(
            200,
            &json!({"auth": {"client_token": "canary-token"}, "access_token": "canary-token", "accessToken": "canary-token", "success": true}),
        )
    };
    (Arc::new(answer), asked)
}

/// A client whose way to the vendors ends at a front.
fn client(front: &Front) -> Client {
    let hosts = TRIED.trim().lines().map(|line| line.split(' ').nth(3).unwrap().split('/').next().unwrap());
    let oci = ["identity.text2.oci.oraclecloud.com", "identity.outside.oci.oraclecloud.com"];
    let hosts = hosts.chain(["two.example", "api.two.example"]).chain(oci);
    let redirect = hosts.map(|host| (host.to_owned(), front.address)).collect();
    Client::new(http::client::Options { redirect, ..http::client::Options::default() }).unwrap()
}

/// The embedded backend as a remote one: its way to the vendors ends at a fake.
async fn backend(data: &std::path::Path) -> (server::Running, Arc<Mutex<BTreeSet<String>>>) {
    let (vendor, asked) = vendors();
    let front = Front::before(vendor, Vec::new()).await;
    let registry = Arc::new(Registry::builtin().unwrap());
    (server::start(server::Options::new(data.to_owned()), registry, client(&front)).await.unwrap(), asked)
}

/// A backend block for it.
fn backend_block(world: &World, url: &str, id: &str, secret: &str) -> String {
    world.write("client-secret", secret);
    format!(
        "backend \"infisical\" {{\n  url = \"{url}\"\n  auth \"universal\" {{\n    client_id = \"{id}\"\n    \
         client_secret = secret_file(\"client-secret\")\n  }}\n}}\n"
    )
}

/// Some vendors hide a refusal in an answer whose status is 200.
#[tokio::test]
async fn a_refusal_in_an_answer_that_looks_good_is_one() {
    let registry = Registry::builtin().unwrap();
    let rows = table();
    for (app, method, body, code) in [
        ("flyio", "access-token", json!({"errors": [{"message": "no"}], "data": null}), "KF0510"),
        ("railway", "team-token", json!({"errors": [{"message": "Not Authorized"}], "data": null}), "KF0508"),
        ("cloudflare", "api-token", json!({"success": false, "errors": [{"code": 9109, "message": "no"}]}), "KF0510"),
        ("zabbix", "api-token", json!({"error": {"code": -32602, "data": "Not authorized."}}), "KF0508"),
    ] {
        let answer = Answer::json(200, &body);
        let front = Front::before(Arc::new(move |_: &Call| answer.clone()), Vec::new()).await;
        let row = rows.iter().find(|row| (row.app, row.method) == (app, method)).unwrap();
        let fields = self::method(registry.schemas(), row).fields.iter();
        let inputs = fields.map(|field| {
            let secret = || keyform::model::attrs::Value::Secret(Secret::new("canary-secret".into()));
            let plain = || keyform::model::attrs::Value::from("https://one.example");
            (field.name.clone(), if field.sensitive { secret() } else { plain() })
        });
        let refusal = registry.verify(app, method, &inputs.collect(), &client(&front)).await.unwrap_err();
        assert_eq!(refusal.code.id, code, "{app}: {refusal:?}");
    }
}

/// A client of the backend that is not keyform.
struct Other {
    client: Client,
    url: String,
    token: String,
}

impl Other {
    async fn login(running: &server::Running) -> Self {
        let client = Client::new(http::client::Options::default()).unwrap();
        let mut other = Self { client, url: running.url.clone(), token: String::new() };
        let login = json!({"clientId": running.client_id, "clientSecret": running.client_secret.expose()});
        let answer = other.ask(http::Method::Post, "/api/v1/auth/universal-auth/login", Some(login)).await;
        other.token = answer["accessToken"].as_str().unwrap().to_owned();
        other
    }

    async fn ask(&self, method: http::Method, path: &str, body: Option<Value>) -> Value {
        let token = (!self.token.is_empty()).then(|| Secret::new(format!("Bearer {}", self.token)));
        let headers = token.map(|token| ("authorization".to_owned(), token)).into_iter().collect();
        let bytes = body.map(|body| Zeroizing::new(body.to_string().into_bytes()));
        let body = bytes.map(|bytes| http::Body { content_type: "application/json".into(), bytes });
        let url = format!("{}{path}", self.url).parse().unwrap();
        let request = http::Request { method, url, headers, body, idempotent: false, is_path_secret: false };
        let response = self.client.send(&request, &Policy::default()).await.unwrap();
        let answer = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        assert_eq!(response.status, 200, "{path}: {answer}");
        answer
    }

    async fn connections(&self) -> Vec<Value> {
        let answer = self.ask(http::Method::Get, "/api/v1/app-connections", None).await;
        answer["appConnections"].as_array().unwrap().clone()
    }
}

fn find<'a>(live: &'a [Value], row: &Row<'_>) -> &'a Value {
    let is_it = |c: &&Value| c["app"] == row.app && c["method"] == row.method;
    live.iter().find(is_it).unwrap_or_else(|| panic!("{} {}", row.app, row.method))
}

/// The names of credentials that differ, by the connection's address.
async fn differing(world: &World) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let planned = world.planned().await;
    assert!(planned.plan.incomplete.is_empty() && planned.plan.blocked.is_empty(), "{:?}", planned.plan.blocked);
    let rows = planned.plan.changes.iter().map(|change| {
        let fields = change.fields.iter().map(|field| field.name.trim_start_matches("credentials.").to_owned());
        let what = format!("{} {}", change.action.word(), change.reason.word());
        (change.address.to_string(), (what, fields.collect()))
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_is_made_kept_changed_and_mended() {
    let data = tempfile::tempdir().unwrap();
    let (running, asked) = backend(data.path()).await;
    let registry = Registry::builtin().unwrap();
    // To try a role, the machine needs credentials of its own.
    let is_tested = |row: &Row<'_>| !row.is_browser_only && (row.app, row.method) != ("aws", "assume-role");
    let rows: Vec<Row<'_>> = table().into_iter().filter(is_tested).collect();
    let world = World::new("");
    world.write("secret", "canary-secret");
    world.write("secret2", "canary-secret-2");
    world.write("key", services::rsa_key());
    world.write("key2", &format!("{}\n", services::rsa_key()));
    let head = backend_block(&world, &running.url, &running.client_id, running.client_secret.expose());
    let write = |round: u8| {
        let blocks = rows.iter().map(|row| block(row, &method(registry.schemas(), row).fields, round));
        world.write("main.hcl", &format!("{head}{}", blocks.collect::<String>()));
    };

    write(0);
    assert_eq!(world.converge().await.len(), rows.len());
    let tried: BTreeSet<_> = TRIED.trim().lines().map(|l| l.splitn(3, ' ').nth(2).unwrap().to_owned()).collect();
    let mut heard = asked.lock().unwrap().clone();
    assert!(heard.remove("POST one.example/v1/auth/approle/login"), "{heard:?}");
    assert_eq!(heard, tried);

    // What comes back is what the table says, and no secret.
    let other = Other::login(&running).await;
    let live = other.connections().await;
    for row in &rows {
        let found = find(&live, row);
        let credentials = found["credentials"].as_object().unwrap();
        assert_eq!(credentials.keys().map(String::as_str).collect::<BTreeSet<_>>(), row.back, "{}", row.app);
        assert!(!found.to_string().contains("canary"), "{}", row.app);
    }

    // Each kind of field is an update of those connections that have it, and of these fields.
    for round in 1..=3 {
        write(round);
        let expected: BTreeMap<_, _> = rows
            .iter()
            .filter_map(|row| {
                let fields = method(registry.schemas(), row).fields.iter().filter(|field| round_of(field) == round);
                // A choice of one word can't change.
                let fields = fields.filter(|f| !matches!(&f.ty, Type::OneOf(words) if words.len() == 1));
                let fields: BTreeSet<_> = fields.map(|field| field.name.to_string()).collect();
                (!fields.is_empty()).then(|| (row.address(), ("update changed".to_owned(), fields)))
            })
            .collect();
        assert_eq!(differing(&world).await, expected, "{round}");
        world.converge().await;
    }

    // Someone writes credentials behind keyform's back: other ones of what is given back. The secrets may be
    // others, too.
    let live = other.connections().await;
    for row in &rows {
        let fields = method(registry.schemas(), row).fields.iter().map(|field| {
            let shown = find(&live, row)["credentials"].get(&*field.wire).cloned();
            let changed = shown.filter(|value| value == "text2").map(|_| json!("outside"));
            let given = match &field.ty {
                _ if &*field.name == "private_key" => json!(services::strange_rsa_key()),
                _ if field.sensitive => json!("canary-outside"),
                Type::Number => json!(2),
                Type::Bool => json!(false),
                Type::OneOf(words) => json!(words.last().map(|word| &**word)),
                Type::Form(Form::Uuid) => json!(CHANGED_ID),
                _ => json!("https://two.example"),
            };
            let host = (&*field.name == "host").then(|| json!("two.example"));
            (field.wire.to_string(), changed.or(host).unwrap_or(given))
        });
        let path = format!("/api/v1/app-connections/{}/{}", row.app, find(&live, row)["id"].as_str().unwrap());
        let change = json!({"credentials": fields.collect::<serde_json::Map<_, _>>()});
        other.ask(http::Method::Patch, &path, Some(change)).await;
    }
    let planned = world.planned().await;
    for row in &rows {
        let change = planned.plan.changes.iter().find(|change| change.address.to_string() == row.address());
        let change = change.unwrap_or_else(|| panic!("{} is not seen", row.address()));
        assert_eq!(change.reason.word(), "drifted", "{}", row.address());
        for field in &method(registry.schemas(), row).fields {
            let name = format!("credentials.{}", field.name);
            let found = change.fields.iter().find(|f| *f.name == *name);
            match (row.back.contains(&*field.wire), find(&live, row)["credentials"].get(&*field.wire)) {
                (true, Some(shown)) if shown == "text2" => {
                    assert_eq!(found.unwrap().before, Shown::Plain("\"outside\"".into()), "{} {name}", row.address());
                }
                (true, _) => assert!(found.is_none(), "{} {name}", row.address()),
                (false, _) => assert!(matches!(found.unwrap().before, Shown::Secret(_)), "{} {name}", row.address()),
            }
        }
    }
    world.converge().await;
    running.shutdown().await;
}

#[tokio::test]
async fn a_connection_is_of_the_organization_or_of_one_project() {
    let main = |project: &str| {
        let connection = |label: &str, project: &str| {
            format!(
                "app_connection \"local\" \"{label}\" {{\n  name = \"files\"\n  path = abspath(\"out\")\n{project}\n}}\n"
            )
        };
        let sync = SYNC.replace("app_connection.files", "app_connection.own");
        let sync = sync.split_once("secret_sync").map(|(_, rest)| format!("secret_sync{rest}")).unwrap();
        format!("{PROJECT}project \"other\" {{}}\n{}{}{sync}", connection("shared", ""), connection("own", project))
    };
    let world = World::new(&main("project = project.bakery"));
    world.converge().await;
    assert_eq!(world.read("out/dev.env"), "A=canary-a\nB=canary-b\n");
    // It can't move: another one takes its place.
    let shared = |project: &str| {
        main(project).replace("connection  = app_connection.own", "connection  = app_connection.shared")
    };
    world.write("main.hcl", &shared("project = project.bakery"));
    assert_eq!(world.converge().await, ["update changed secret_sync.web"]);
    world.write("main.hcl", &shared("project = project.other"));
    assert_eq!(world.converge().await, ["replace immutable app_connection.own"]);
    world.write("main.hcl", &format!("{}project \"third\" {{}}\n", shared("project = project.third")));
    assert_eq!(world.converge().await, ["create new project.third", "replace immutable app_connection.own"]);
    // A sync that uses it follows.
    world.write("main.hcl", &main("project = project.bakery"));
    let rows = world.converge().await;
    assert!(rows.contains(&"replace immutable app_connection.own".to_owned()), "{rows:?}");
}

fn method<'a>(schemas: &'a Schemas, row: &Row<'_>) -> &'a Method {
    let app = schemas.apps.get(row.app).unwrap_or_else(|| panic!("no app {}", row.app));
    app.methods.get(row.method).unwrap_or_else(|| panic!("{} has no method {}", row.app, row.method))
}

#[test]
fn the_manifests_say_what_the_table_says() {
    let registry = Registry::builtin().unwrap();
    let schemas = registry.schemas();
    let rows = table();
    for row in &rows {
        let declared = method(schemas, row);
        assert_eq!(declared.browser_only, row.is_browser_only, "{} {}", row.app, row.method);
        let said: BTreeMap<_, _> = declared.fields.iter().map(|f| (&*f.wire, (f.sensitive, !f.required))).collect();
        let meant: BTreeMap<_, _> = row.fields.iter().map(|(name, secret, open)| (*name, (*secret, *open))).collect();
        assert_eq!(said, meant, "{} {}", row.app, row.method);
        let back = declared.fields.iter().filter(|f| !f.sensitive && !f.hidden).map(|f| &*f.wire).collect();
        assert_eq!(row.back, back, "{} {}", row.app, row.method);
        let is_sql = matches!(row.app, "mssql" | "mysql" | "postgres" | "oracledb");
        assert_eq!(!declared.options.is_empty(), is_sql, "{}", row.app);
    }
    let named: BTreeSet<_> = rows.iter().map(|row| (row.app, row.method)).collect();
    let all = schemas.apps.values().filter(|app| &*app.slug != "local");
    let all: BTreeSet<_> = all.flat_map(|app| app.methods.keys().map(|name| (&*app.slug, &**name))).collect();
    assert_eq!(all, named);
}
