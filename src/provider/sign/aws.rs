//! AWS Signature Version 4, through AWS's own crate. Service and region are read off the host,
//! `<service>.<region>.amazonaws.com`; then the request goes where the environment says.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Method;
use crate::http::Request;
use crate::http::Response;
use crate::http::ambient;
use crate::http::client::Client;
use crate::http::client::Policy;
use crate::model::attrs::Attrs;
use crate::provider::sign::credentials;
use crate::provider::sign::credentials::Origin;
use crate::secret::Secret;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::SignableBody;
use aws_sigv4::http_request::SignableRequest;
use aws_sigv4::http_request::SigningSettings;
use aws_sigv4::http_request::sign;
use aws_sigv4::sign::v4;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use std::time::Duration;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

/// How long an assumed role lasts: the shortest time that AWS grants.
const ROLE_SECONDS: u64 = 900;

/// How a manifest asks for STS without knowing where the credentials belong.
const ANY_STS: &str = "sts.us-east-1.amazonaws.com";

/// Signs requests of one connection.
pub struct Aws {
    origin: Origin,
    client: Client,
    /// The credentials in use, until they end.
    current: Mutex<Option<Credentials>>,
}

impl Aws {
    /// A signer with a connection's credentials. Nothing is sent yet.
    ///
    /// # Errors
    /// The connection lacks an input.
    pub fn open(method: &str, inputs: &Attrs, client: &Client) -> Result<Self, Diagnostic> {
        Ok(Self { origin: Origin::new(method, inputs)?, client: client.clone(), current: Mutex::new(None) })
    }

    /// The request, signed, on its way to AWS or to what stands for it.
    ///
    /// # Errors
    /// There are no credentials, or the role can't be assumed.
    pub async fn sign(&self, mut request: Request) -> Result<Request, Diagnostic> {
        if request.url.host_str() == Some(ANY_STS) {
            request.url = self.sts()?;
        }
        let host = request.url.host_str().unwrap_or("").to_owned();
        let (service, region) = service_and_region(&host);
        let credentials = self.credentials(region).await?;
        signed(redirected(request, service)?, service, region, &credentials)
    }

    /// The STS that knows the connection's credentials: the endpoint that it names, the one of its role's partition,
    /// or that of the machine's region. Partitions share nothing, so that another one refuses good credentials.
    fn sts(&self) -> Result<reqwest::Url, Diagnostic> {
        let region = ambient::region();
        let region = region.as_deref().unwrap_or("us-east-1");
        let usual = match &self.origin {
            Origin::Key(_) => sts(region),
            Origin::Role { endpoint: Some(endpoint), .. } => endpoint.clone(),
            Origin::Role { arn, .. } => sts(partition_region(arn.expose(), region)),
        };
        Ok(Request::new(Method::Post, &usual)?.url)
    }

    async fn credentials(&self, region: &str) -> Result<Credentials, Diagnostic> {
        let (arn, endpoint, external_id) = match &self.origin {
            Origin::Key(credentials) => return Ok(credentials.clone()),
            Origin::Role { arn, endpoint, external_id } => (arn, endpoint, external_id),
        };
        let mut current = self.current.lock().await;
        if let Some(credentials) = current.as_ref().filter(|credentials| credentials::last(credentials)) {
            return Ok(credentials.clone());
        }
        let own = ambient::credentials().await?;
        let request = assume_role(arn, endpoint.as_deref(), external_id.as_deref(), region)?;
        let request = match endpoint {
            Some(_) => request,
            None => redirected(request, "sts")?,
        };
        let request = signed(request, "sts", region, &own)?;
        let response = self.client.send(&request, &Policy::default()).await?;
        let credentials = assumed(&response)?;
        *current = Some(credentials.clone());
        Ok(credentials)
    }
}

/// Where STS is in a region.
fn sts(region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://sts.{region}.amazonaws.com{china}/")
}

/// The region, if it is of the partition that a role's ARN names; else one that is.
fn partition_region<'r>(arn: &str, region: &'r str) -> &'r str {
    let (prefix, usual) = match arn.split(':').nth(1) {
        Some("aws-cn") => ("cn-", "cn-north-1"),
        Some("aws-us-gov") => ("us-gov-", "us-gov-west-1"),
        _ => return region,
    };
    if region.starts_with(prefix) { region } else { usual }
}

/// `ssm.eu-west-1.amazonaws.com` → `ssm`, `eu-west-1`.
fn service_and_region(host: &str) -> (&str, &str) {
    let mut parts = host.split('.');
    let service = parts.next().unwrap_or_default();
    (service, parts.next().filter(|_| host.contains(".amazonaws.")).unwrap_or("us-east-1"))
}

fn redirected(mut request: Request, service: &str) -> Result<Request, Diagnostic> {
    if let Some(endpoint) = ambient::endpoint(service) {
        let bad = || {
            let detail = "`AWS_ENDPOINT_URL` does not hold an absolute address.";
            Diagnostic::error(&codes::BAD_ADDRESS, detail)
        };
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{query}", request.url.path());
        request.url = reqwest::Url::parse(&endpoint).and_then(|url| url.join(&path)).map_err(|_| bad())?;
    }
    Ok(request)
}

/// A request to a service of a region, signed.
///
/// # Errors
/// It can't be signed.
pub fn signed(
    mut request: Request,
    service: &str,
    region: &str,
    credentials: &Credentials,
) -> Result<Request, Diagnostic> {
    let failed = || Diagnostic::error(&codes::NO_CREDENTIALS, format!("A request to `{service}` can't be signed."));
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(credentials::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| failed())?;
    let kind = request.body.as_ref().map(|body| ("content-type", body.content_type.as_str()));
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).chain(kind);
    let body = request.body.as_ref().map_or(&[][..], |body| &body.bytes);
    let signable =
        SignableRequest::new(request.method.as_str(), request.url.as_str(), headers, SignableBody::Bytes(body));
    let (instructions, _) = sign(signable.map_err(|_| failed())?, &params.into()).map_err(|_| failed())?.into_parts();
    let added: Vec<_> =
        instructions.headers().map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned()))).collect();
    request.headers.extend(added);
    Ok(request)
}

fn assume_role(
    arn: &Secret,
    endpoint: Option<&str>,
    external_id: Option<&str>,
    region: &str,
) -> Result<Request, Diagnostic> {
    let usual = sts(region);
    let seconds = ROLE_SECONDS.to_string();
    let mut fields = vec![
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", arn.expose()),
        ("RoleSessionName", "keyform"),
        ("DurationSeconds", &seconds),
    ];
    fields.extend(external_id.map(|id| ("ExternalId", id)));
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    let form = Zeroizing::new(pairs.collect::<Vec<_>>().join("&").into_bytes());
    let request = Request::new(Method::Post, endpoint.unwrap_or(&usual))?;
    Ok(request.body("application/x-www-form-urlencoded", form).idempotent(true))
}

/// The credentials in the answer of STS, which is XML with one element each.
fn assumed(response: &Response) -> Result<Credentials, Diagnostic> {
    let text = Zeroizing::new(String::from_utf8_lossy(&response.body).into_owned());
    if !response.is_success() {
        let code = element(&text, "Code").unwrap_or("no code");
        let detail = format!("The role can't be assumed: STS answered {} (`{code}`).", response.status);
        return Err(Diagnostic::error(
            if response.status == 403 { &codes::FORBIDDEN } else { &codes::REFUSED },
            detail,
        ));
    }
    let parts = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| element(&text, name));
    let [Some(id), Some(key), Some(token)] = parts else {
        return Err(Diagnostic::error(&codes::UNEXPECTED_ANSWER, "STS answered without credentials."));
    };
    let end = credentials::now() + Duration::from_secs(ROLE_SECONDS);
    Ok(Credentials::new(id.trim(), key.trim(), Some(token.trim().to_owned()), Some(end), "assume-role"))
}

fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    Some(after.split_once(&format!("</{name}>"))?.0)
}

#[cfg(test)]
mod tests {
    use super::element;
    use super::partition_region;
    use super::service_and_region;
    use super::sts;

    #[test]
    fn reads_hosts_and_answers() {
        assert_eq!(service_and_region("ssm.eu-west-1.amazonaws.com"), ("ssm", "eu-west-1"));
        assert_eq!(service_and_region("sts.us-gov-west-1.amazonaws.com"), ("sts", "us-gov-west-1"));
        assert_eq!(service_and_region("ssm.cn-north-1.amazonaws.com.cn"), ("ssm", "cn-north-1"));
        assert_eq!(sts("cn-north-1"), "https://sts.cn-north-1.amazonaws.com.cn/");
        for (arn, region, wanted) in [
            ("arn:aws:iam::1:role/a", "eu-west-1", "eu-west-1"),
            ("arn:aws-us-gov:iam::1:role/a", "eu-west-1", "us-gov-west-1"),
            ("arn:aws-us-gov:iam::1:role/a", "us-gov-east-1", "us-gov-east-1"),
            ("arn:aws-cn:iam::1:role/a", "us-east-1", "cn-north-1"),
        ] {
            assert_eq!(partition_region(arn, region), wanted, "{arn}");
        }
        let xml = "<A><Credentials><AccessKeyId>AKIACANARY</AccessKeyId></Credentials></A>";
        assert_eq!(element(xml, "AccessKeyId"), Some("AKIACANARY"));
        assert_eq!(element(xml, "SessionToken"), None);
    }
}
