//! Machine identities of the organisation, each with the way in which it logs in. A listing leaves out
//! metadata and logins, so that each identity that is mentioned is read once more.

use crate::api::identities;
use crate::api::identities::Pair;
use crate::api::identities::Range;
use crate::api::identities::UniversalAuth;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::refusal::Failure;
use crate::backend::state::Thing;
use crate::backend::things::Scope;
use crate::backend::things::Wanted;
use crate::backend::things::attrs;
use crate::backend::things::object;
use crate::backend::things::sorted;
use crate::backend::things::whole;
use crate::backend::write;
use crate::http::Method;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use serde::de::IgnoredAny;
use std::collections::BTreeSet;
use std::sync::Arc;

const AUTH: &str = "universal_auth";
/// What the backend calls it.
const METHOD: &str = "universal-auth";

/// The organisation of the identity that asks. Servers of 2024 do not say who asks, but every identity knows its own id
/// by its token, and may read itself.
pub(in crate::backend) async fn own_organization(client: &Client) -> Result<Arc<str>, Failure> {
    let about = "the organisation";
    let call = Call::new(about, Method::Get, identities::DETAILS);
    let unknown = match client.send::<identities::Details>(call).await {
        Ok(details) => return Ok(details.identity_details.organization.id.into()),
        Err(why) if why.is_unknown_route() => why,
        Err(why) => return Err(why),
    };
    let Some(own) = client.claimed().await? else { return Err(unknown) };
    let call = Call::new(about, Method::Get, identities::IDENTITY).arg(&own);
    let answer: identities::OneMember = client.send(call).await?;
    Ok(answer.identity.org_id.into())
}

pub(super) async fn list(client: &Client, scope: &Scope, wanted: &BTreeSet<Arc<str>>) -> Result<Vec<Thing>, Failure> {
    let about = "the identities of the organisation";
    let call = Call::new(about, Method::Get, identities::IDENTITIES).query("orgId", &scope.id);
    let found: identities::Many = client.send(call).await?;
    let all = found.identities.into_iter().map(|member| async {
        let is_wanted = wanted.contains(&*member.identity.id) || wanted.contains(&*member.identity.name);
        if is_wanted { in_full(client, about, member).await } else { Ok(thing(member, None)) }
    });
    futures_util::future::try_join_all(all).await
}

async fn in_full(client: &Client, about: &str, member: identities::OrganizationMember) -> Result<Thing, Failure> {
    let id = member.identity.id.clone();
    let auth = async {
        if !member.identity.logs_in_by(METHOD) {
            client.meet(&id, "");
            return Ok(None);
        }
        let call = Call::new(about, Method::Get, identities::UNIVERSAL_AUTH).arg(&id);
        let answer: identities::OneAuth = client.send(call).await?;
        client.meet(&id, &answer.identity_universal_auth.client_id);
        Ok(Some(answer.identity_universal_auth.settings))
    };
    let metadata = async {
        if member.metadata.is_some() {
            return Ok(member.metadata.clone());
        }
        let call = Call::new(about, Method::Get, identities::IDENTITY).arg(&id);
        let answer: identities::OneMember = client.send(call).await?;
        Ok(Some(answer.identity.metadata.unwrap_or_default()))
    };
    let (auth, metadata) = futures_util::future::try_join(auth, metadata).await?;
    Ok(thing(identities::OrganizationMember { metadata, ..member }, auth))
}

fn thing(member: identities::OrganizationMember, auth: Option<UniversalAuth>) -> Thing {
    let role = member.custom_role.map_or(member.role, |custom| custom.slug);
    let mut attrs = attrs([
        ("name", Value::string(member.identity.name)),
        ("role", Value::string(role)),
        ("delete_protection", Value::Bool(member.identity.has_delete_protection)),
        (AUTH, auth.map_or(Value::Null, |auth| Value::object(read(auth)))),
    ]);
    if let Some(metadata) = member.metadata {
        let fields = metadata.into_iter().map(|pair| (pair.key.into(), Value::string(pair.value)));
        attrs.insert("metadata".into(), Value::object(fields.collect()));
    }
    Thing { id: member.identity.id.into(), attrs }
}

fn read(auth: UniversalAuth) -> Object {
    let ranges = |list: Vec<Range>| {
        let one = |range: Range| match range.prefix {
            Some(prefix) => format!("{}/{prefix}", range.ip_address),
            None => range.ip_address,
        };
        sorted(list.into_iter().map(one).collect())
    };
    object([
        ("access_token_ttl", Value::int(auth.ttl)),
        ("access_token_max_ttl", Value::int(auth.max_ttl)),
        ("access_token_uses", Value::int(auth.uses)),
        ("access_token_trusted_ips", ranges(auth.token_ips)),
        ("client_secret_trusted_ips", ranges(auth.secret_ips)),
    ])
}

fn universal_auth(fields: &Object) -> UniversalAuth {
    let ranges = |name: &str| {
        let list = fields.get(name).and_then(Value::as_list).unwrap_or_default();
        let texts = list.iter().filter_map(Value::as_str);
        texts.map(|text| Range { ip_address: text.to_owned(), prefix: None }).collect()
    };
    UniversalAuth {
        ttl: whole(fields.get("access_token_ttl")),
        max_ttl: whole(fields.get("access_token_max_ttl")),
        uses: whole(fields.get("access_token_uses")),
        token_ips: ranges("access_token_trusted_ips"),
        secret_ips: ranges("client_secret_trusted_ips"),
    }
}

fn metadata(new: &Wanted<'_>) -> Vec<Pair> {
    let pairs = new.object("metadata").into_iter().flatten();
    pairs.filter_map(|(key, value)| Some(Pair { key: key.to_string(), value: value.as_str()?.to_owned() })).collect()
}

/// The identity and the way in which it logs in are two things of the backend. If the second one can't be made
/// the first one is taken back, so that nothing is left that nobody knows of.
pub(super) async fn create(client: &Client, new: &Wanted<'_>) -> Result<String, Failure> {
    let body = identities::Create {
        name: new.text("name"),
        organization_id: new.scope.id.to_string(),
        role: new.text("role"),
        has_delete_protection: new.flag("delete_protection").unwrap_or(false),
        metadata: new.attrs.contains_key("metadata").then(|| metadata(new)),
    };
    let call = Call::new(new.about, Method::Post, identities::IDENTITIES).json(&body);
    let id = client.send::<identities::One>(call).await?.identity.id;
    if let Some(auth) = new.object(AUTH) {
        let call = Call::new(new.about, Method::Post, identities::UNIVERSAL_AUTH).arg(&id);
        if let Err(why) = client.send::<IgnoredAny>(call.json(&universal_auth(auth))).await {
            let undo = Call::new(new.about, Method::Delete, identities::IDENTITY).arg(&id);
            return write::delete(client, undo).await.and(Err(why));
        }
    }
    Ok(id)
}

pub(super) async fn update(client: &Client, live: &Thing, change: &Wanted<'_>) -> Result<(), Failure> {
    let own = ["name", "role", "delete_protection", "metadata"];
    if own.iter().any(|name| change.differs(name)) {
        let body = identities::Update {
            name: change.new_text("name"),
            role: change.new_text("role"),
            has_delete_protection: change.flag("delete_protection").filter(|_| change.differs("delete_protection")),
            metadata: change.differs("metadata").then(|| metadata(change)),
        };
        let call = Call::new(change.about, Method::Patch, identities::IDENTITY).arg(&live.id);
        write::patch(client, call, &body).await?;
    }
    if !change.differs(AUTH) {
        return Ok(());
    }
    let has = live.attrs.get(AUTH).is_some_and(|auth| !auth.is_null());
    let call = |method| Call::new(change.about, method, identities::UNIVERSAL_AUTH).arg(&live.id);
    match change.object(AUTH) {
        Some(auth) if has => write::patch(client, call(Method::Patch), &universal_auth(auth)).await,
        Some(auth) => client.send::<IgnoredAny>(call(Method::Post).json(&universal_auth(auth))).await.map(drop),
        None => write::delete(client, call(Method::Delete)).await,
    }
}

pub(super) async fn delete(client: &Client, about: &str, live: &Thing) -> Result<(), Failure> {
    write::delete(client, Call::new(about, Method::Delete, identities::IDENTITY).arg(&live.id)).await
}
