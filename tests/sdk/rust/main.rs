//! Infisical's own Rust client against the embedded server: `infisical-client URL ID SECRET PROJECT`.

use infisical::AuthMethod;
use infisical::Client;
use infisical::InfisicalError;
use infisical::secrets::CreateSecretRequest;
use infisical::secrets::DeleteSecretRequest;
use infisical::secrets::GetSecretRequest;
use infisical::secrets::ListSecretsRequest;
use infisical::secrets::UpdateSecretRequest;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), InfisicalError> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().expect("four arguments");
    let (url, id, secret, project) = (argument(), argument(), argument(), argument());

    let mut client = Client::builder().base_url(&url).build().await?;
    client.login(AuthMethod::new_universal_auth(&*id, &*secret)).await?;
    let client = client;

    let new = CreateSecretRequest::builder("RUST", "canary-rust", &*project, "dev").path("/").secret_comment("new").build();
    let made = client.secrets().create(new).await?;
    assert_eq!((&*made.secret_key, &*made.secret_value, &*made.secret_comment, made.version), ("RUST", "canary-rust", "new", 1));

    let got = client.secrets().get(GetSecretRequest::builder("RUST", &*project, "dev").path("/").build()).await?;
    assert_eq!((got.secret_value, got.id), (made.secret_value, made.id));

    let all = || ListSecretsRequest::builder(&*project, "dev").path("/").build();
    let listed = client.secrets().list(all()).await?;
    assert!(listed.iter().any(|secret| secret.secret_key == "RUST" && secret.project_id == project));

    let change = UpdateSecretRequest::builder("RUST", &*project, "dev").path("/").secret_value("canary-other").build();
    assert_eq!(client.secrets().update(change).await?.version, 2);

    client.secrets().delete(DeleteSecretRequest::builder("RUST", &*project, "dev").path("/").build()).await?;
    assert!(client.secrets().list(all()).await?.iter().all(|secret| secret.secret_key != "RUST"));
    let gone = client.secrets().get(GetSecretRequest::builder("RUST", &*project, "dev").path("/").build()).await;
    assert!(gone.is_err(), "{gone:?}");
    Ok(())
}
