//! A server whose certificate nobody vouches for. It hears no secret.

use crate::faults::stand::Ran;
use crate::faults::stand::Stand;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::io::Read;
use std::sync::Arc;
use std::sync::Mutex;

/// Makes a certificate that signs itself, and its key, in a directory.
const CERTIFICATE: &str = r#"
import datetime, ipaddress, json, pathlib, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as s
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
now = datetime.datetime.now(datetime.timezone.utc)
made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
    .sign(key, hashes.SHA256()))
folder = pathlib.Path(sys.argv[1])
(folder / "tls.crt").write_bytes(made.public_bytes(s.Encoding.PEM))
(folder / "tls.key").write_bytes(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
print(json.dumps("made"))
"#;

/// Applies with such a server in the place of the backend.
pub(super) async fn run(stand: &Stand) -> Ran {
    let dir = stand.world.path();
    crate::services::python(CERTIFICATE, dir);
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
