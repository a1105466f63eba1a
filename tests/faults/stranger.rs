//! A server whose certificate nobody vouches for. It hears no secret.

use crate::faults::stand::Ran;
use crate::faults::stand::Stand;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::io::Read;
use std::sync::Arc;
use std::sync::Mutex;

/// Applies with such a server in the place of the backend.
pub(super) async fn run(stand: &Stand) -> Ran {
    let dir = stand.world.path();
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-keyout", "tls.key", "-out", "tls.crt"])
        .current_dir(dir)
        .output()
        .unwrap_or_else(|e| panic!("openssl is needed to make a certificate: {e}"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let certificate = CertificateDer::from_pem_file(dir.join("tls.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_file(dir.join("tls.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let tries = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&tries);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut said = Vec::new();
            // The other side hangs up: an error, and nothing that it said.
            let _ = rustls::StreamOwned::new(connection, stream.unwrap()).read_to_end(&mut said);
            heard.lock().unwrap().push(said);
        }
    });
    let text = stand.world.read("main.hcl");
    stand.world.write("main.hcl", &text.replace(&stand.proxy.url, &url));
    let ran = stand.apply().await;
    stand.world.write("main.hcl", &text);
    let tries = tries.lock().unwrap();
    assert!(!tries.is_empty(), "nobody came");
    assert!(tries.iter().all(Vec::is_empty), "something was said to a stranger");
    ran
}
