//! Object stores: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage. Each of them replaces an object
//! only if its ETag or generation is still the one that was read.
//!
//! Credentials come from the machine: for AWS the same chain as everywhere in keyform ([`crate::http::ambient`]), for Google
//! and Azure the variables, files and metadata services of their own tools (`GOOGLE_APPLICATION_CREDENTIALS`, `AZURE_…`).

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::ambient;
use crate::ledger::store::Found;
use crate::ledger::store::Put;
use crate::ledger::store::Store;
use crate::ledger::store::Version;
use aws_credential_types::Credentials;
use futures_util::future::BoxFuture;
use object_store::BackoffConfig;
use object_store::ClientOptions;
use object_store::CredentialProvider;
use object_store::Error;
use object_store::ObjectStore;
use object_store::ObjectStoreExt;
use object_store::PutMode;
use object_store::PutOptions;
use object_store::RetryConfig;
use object_store::UpdateVersion;
use object_store::aws::AmazonS3Builder;
use object_store::aws::AwsCredential;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use regex::Regex;
use std::sync::Arc;
use std::time::Duration;
use std::time::SystemTime;

/// A bucket or container.
#[derive(Debug, Clone, Default)]
pub struct Bucket<'a> {
    /// Its name.
    pub name: &'a str,
    /// What the names of all objects begin with; empty for nothing.
    pub prefix: &'a str,
    /// The region of S3, or the account of Azure.
    pub of: Option<&'a str>,
    /// Where it is asked instead of the vendor's own address.
    pub endpoint: Option<&'a str>,
}

/// Objects of one bucket.
pub struct Objects {
    inner: Box<dyn ObjectStore>,
    prefix: String,
    place: String,
}

impl Objects {
    /// A bucket of S3. Without an endpoint, `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` may name one.
    ///
    /// # Errors
    /// No region is known, or the endpoint is no safe address.
    pub fn s3(bucket: &Bucket<'_>) -> Result<Self, Diagnostic> {
        let place = place("s3", bucket);
        let endpoint = bucket.endpoint.map(str::to_owned).or_else(|| ambient::endpoint("s3"));
        let region = bucket.of.map(str::to_owned).or_else(ambient::region).ok_or_else(|| {
            let detail = format!("Nothing says in which region {place} is.");
            Diagnostic::error(&codes::LEDGER_STORE, detail).help("write `region = \"eu-central-1\"`, or set AWS_REGION")
        })?;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket.name)
            .with_region(region)
            .with_credentials(Arc::new(Ambient::default()))
            .with_retry(retry())
            .with_client_options(options(endpoint.as_deref(), &place)?);
        if let Some(endpoint) = &endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let place = at(place, endpoint.as_deref());
        Self::new(bucket, place.clone(), builder.build().map_err(|error| problem(&place, &error))?)
    }

    /// A bucket of Google Cloud Storage.
    ///
    /// # Errors
    /// The credentials that the machine names can't be used, or the endpoint is no safe address.
    pub fn gcs(bucket: &Bucket<'_>) -> Result<Self, Diagnostic> {
        let place = place("gs", bucket);
        let mut builder = GoogleCloudStorageBuilder::from_env()
            .with_bucket_name(bucket.name)
            .with_retry(retry())
            .with_client_options(options(bucket.endpoint, &place)?);
        if let Some(endpoint) = bucket.endpoint {
            builder = builder.with_base_url(endpoint);
        }
        let place = at(place, bucket.endpoint);
        Self::new(bucket, place.clone(), builder.build().map_err(|error| problem(&place, &error))?)
    }

    /// A container of Azure Blob Storage.
    ///
    /// # Errors
    /// No account is known, the credentials that the machine names can't be used, or the endpoint is no safe address.
    pub fn azblob(bucket: &Bucket<'_>) -> Result<Self, Diagnostic> {
        let place = place("az", bucket);
        let mut builder = MicrosoftAzureBuilder::from_env()
            .with_container_name(bucket.name)
            .with_retry(retry())
            .with_client_options(options(bucket.endpoint, &place)?);
        if let Some(account) = bucket.of {
            builder = builder.with_account(account);
        }
        if let Some(endpoint) = bucket.endpoint {
            builder = builder.with_endpoint(endpoint.to_owned());
        }
        let place = at(place, bucket.endpoint);
        Self::new(bucket, place.clone(), builder.build().map_err(|error| problem(&place, &error))?)
    }

    fn new(bucket: &Bucket<'_>, place: String, inner: impl ObjectStore) -> Result<Self, Diagnostic> {
        Ok(Self { inner: Box::new(inner), prefix: bucket.prefix.trim_matches('/').to_owned(), place })
    }

    fn path(&self, name: &str) -> Path {
        match self.prefix.as_str() {
            "" => Path::from(name),
            prefix => Path::from(format!("{prefix}/{name}")),
        }
    }

    async fn read(&self, name: &str) -> Result<Option<Found>, Error> {
        let found = match self.inner.get(&self.path(name)).await {
            // Azurite and S3 say the same of a bucket that is not there; a write tells them apart.
            Err(Error::NotFound { source, .. }) if !is_container_missing(&source.to_string()) => return Ok(None),
            found => found?,
        };
        let version = version(found.meta.e_tag.clone(), found.meta.version.clone());
        Ok(Some(Found { content: found.bytes().await?.to_vec(), version }))
    }

    async fn write(&self, name: &str, content: &[u8], over: Option<&Version>) -> Result<Put, Error> {
        let mode = over.map_or(PutMode::Create, |version| PutMode::Update(update(version)));
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.inner.put_opts(&self.path(name), content.to_vec().into(), options).await {
            Ok(done) => Ok(Put::Done(version(done.e_tag, done.version))),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) => {
                Ok(Put::Conflict)
            }
            Err(error) => Err(error),
        }
    }
}

impl Store for Objects {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Found>, Diagnostic>> {
        Box::pin(async move { self.read(name).await.map_err(|error| problem(&self.place, &error)) })
    }

    fn put<'a>(
        &'a self,
        name: &'a str,
        content: &'a [u8],
        over: Option<&'a Version>,
    ) -> BoxFuture<'a, Result<Put, Diagnostic>> {
        Box::pin(async move { self.write(name, content, over).await.map_err(|error| problem(&self.place, &error)) })
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Diagnostic>> {
        Box::pin(async move {
            match self.inner.delete(&self.path(name)).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(problem(&self.place, &error)),
            }
        })
    }
}

fn place(scheme: &str, bucket: &Bucket<'_>) -> String {
    let prefix = bucket.prefix.trim_matches('/');
    let line = if prefix.is_empty() { "" } else { "/" };
    format!("{scheme}://{}{line}{prefix}", bucket.name)
}

/// The place with the address where it is asked, if that is not the vendor's own: two buckets of one name are two places.
fn at(place: String, endpoint: Option<&str>) -> String {
    match endpoint {
        Some(endpoint) => format!("{place} at {}", endpoint.trim_end_matches('/')),
        None => place,
    }
}

/// An ETag alone says which state an object is in on S3 and Azure, a generation on Google's.
fn version(tag: Option<String>, version: Option<String>) -> Version {
    Version([tag.unwrap_or_default(), version.unwrap_or_default()].join(" "))
}

fn update(version: &Version) -> UpdateVersion {
    let (tag, version) = version.0.split_once(' ').unwrap_or((&version.0, ""));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    UpdateVersion { e_tag: some(tag), version: some(version) }
}

/// Conditional writes are safe to try again: [`crate::ledger::shared`] looks what became of them. Not for long, since a lease
/// runs out.
fn retry() -> RetryConfig {
    let backoff = BackoffConfig { max_backoff: Duration::from_secs(4), ..BackoffConfig::default() };
    RetryConfig { backoff, max_retries: 4, retry_timeout: Duration::from_secs(20) }
}

fn options(endpoint: Option<&str>, place: &str) -> Result<ClientOptions, Diagnostic> {
    // Whoever comes second finds it installed: both mean the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(10))
        .with_timeout(Duration::from_secs(30))
        .with_allow_http(false);
    let Some(endpoint) = endpoint else { return Ok(options) };
    let bad = |why: &str| {
        let detail = format!("The endpoint of {place} {why}.");
        Diagnostic::error(&codes::LEDGER_STORE, detail).help("write `https://host`, without user and password")
    };
    let url = reqwest::Url::parse(endpoint).map_err(|_| bad("is no address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("holds a user or password"));
    }
    match (url.scheme(), is_here(url.host_str().unwrap_or_default())) {
        ("https", _) => Ok(options),
        ("http", true) => Ok(options.with_allow_http(true)),
        _ => Err(bad("would be reached without TLS")),
    }
}

/// Whether a host is this machine itself.
pub(crate) fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn is_container_missing(text: &str) -> bool {
    ["NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist"].iter().any(|code| text.contains(code))
}

/// What went wrong, without the words of the service, which may quote anything: its status and its code.
fn problem(place: &str, error: &Error) -> Diagnostic {
    let text = error.to_string();
    let part = |pattern: &str| {
        let found = Regex::new(pattern).ok()?.captures(&text)?.get(1)?.as_str().to_owned();
        Some(found)
    };
    let status = part(r"status code: (\d{3})");
    let code = part(r"<Code>(\w{1,60})</Code>");
    let said = match (&status, &code) {
        (Some(status), Some(code)) => format!("the answer is {status} ({code})"),
        (Some(status), None) => format!("the answer is {status}"),
        (None, Some(code)) => format!("the answer is {code}"),
        (None, None) if text.contains("redirect") => "it is in another region".to_owned(),
        (None, None) if text.contains(NO_CREDENTIALS) => "this machine has no credentials for it".to_owned(),
        (None, None) if text.contains("HTTP error") => "no answer came".to_owned(),
        (None, None) => "its address or credentials can't be used".to_owned(),
    };
    let help = match (error, status.as_deref()) {
        (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, _) | (_, Some("400")) => {
            "look at the credentials of this machine, and at what they may do: read, write and delete objects there"
        }
        _ if is_container_missing(&text) => "make it, or write the name of one that is there",
        _ => "look at its name, region and endpoint, and at the credentials of this machine",
    };
    Diagnostic::error(&codes::LEDGER_STORE, format!("{place} can't be used: {said}.")).help(help)
}

/// What [`Ambient`] says where there are none.
const NO_CREDENTIALS: &str = "this machine has no AWS credentials";

/// The machine's own AWS credentials, read again when they run out.
#[derive(Debug, Default)]
struct Ambient(tokio::sync::Mutex<Option<Credentials>>);

impl CredentialProvider for Ambient {
    type Credential = AwsCredential;

    fn get_credential<'a, 'b>(&'a self) -> BoxFuture<'b, object_store::Result<Arc<AwsCredential>>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let mut held = self.0.lock().await;
            let soon = SystemTime::now() + Duration::from_secs(60);
            let fresh = held.take().filter(|held| held.expiry().is_none_or(|end| end > soon));
            let credentials = match fresh {
                Some(credentials) => credentials,
                None => ambient::credentials()
                    .await
                    .map_err(|_| Error::Generic { store: "S3", source: NO_CREDENTIALS.into() })?,
            };
            let credentials = held.insert(credentials);
            Ok(Arc::new(AwsCredential {
                key_id: credentials.access_key_id().to_owned(),
                secret_key: credentials.secret_access_key().to_owned(),
                token: credentials.session_token().map(str::to_owned),
            }))
        })
    }
}
