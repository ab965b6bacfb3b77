//! The same servers over TLS.

use std::path::Path;
use std::sync::Arc;

use authbench_servers::model::Model;
use authbench_servers::tls::{Identity, Tls};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::harness::{Answer, Call, PASSWORD, Plan, Target, form, get};

async fn start(model: Model) -> Target {
    let mut plan = Plan::new(model);
    plan.authorization.tls = Tls::On;
    plan.resource.tls = Tls::On;
    plan.embedded().await
}

fn file(identity: Option<&Identity>) -> &Path {
    identity.expect("TLS").ca_file()
}

/// A client that trusts the authority in `ca_file` alone.
fn client(ca_file: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(ca_file).expect("a certificate");
    roots.add(authority).expect("an authority");
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

async fn connect(url: &str, name: &str, config: &Arc<ClientConfig>) -> TlsStream<TcpStream> {
    let authority = url.strip_prefix("https://").expect("https");
    let tcp = TcpStream::connect(authority).await.expect("a connection");
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let connector = TlsConnector::from(Arc::clone(config));
    connector.connect(name, tcp).await.expect("a handshake")
}

async fn ask(call: Call, url: &str, ca_file: &Path) -> Answer {
    let stream = connect(url, "127.0.0.1", &Arc::new(client(ca_file))).await;
    call.send_on(stream).await
}

/// What a user holds after a login, as a header.
async fn log_in(target: &Target) -> (&'static str, String) {
    let url = &target.authorization.url;
    let login = form(
        url,
        "/login",
        &[("username", "user-00001"), ("password", PASSWORD)],
    );
    let answer = ask(login, url, file(target.authorization.identity.as_ref())).await;
    assert_eq!(answer.code(), 200, "{answer:?}");
    let login = answer.login();
    match login.access_token {
        Some(token) => ("authorization", format!("Bearer {token}")),
        None => ("cookie", login.cookie().to_owned()),
    }
}

#[tokio::test]
async fn every_model_works_and_asks_its_authorization_server_over_tls_too() {
    for model in [Model::Session, Model::Jwt, Model::Opaque, Model::Hybrid] {
        let target = start(model).await;
        let (name, value) = log_in(&target).await;
        let url = &target.resource.url;
        let ca_file = file(target.resource.identity.as_ref());
        for (value, expected) in [(value.as_str(), 200), ("nonsense", 401)] {
            let call = get(url, "/resource").header(name, value);
            assert_eq!(ask(call, url, ca_file).await.code(), expected, "{model}");
        }
    }
}

#[tokio::test]
async fn the_admin_surface_and_the_metadata_are_https() {
    let target = start(Model::Jwt).await;
    let running = &target.authorization;
    let ca_file = file(running.identity.as_ref());
    let call = get(&running.admin_url, "/nowhere");
    assert!(ask(call, &running.admin_url, ca_file).await.code() >= 400);
    let call = get(&running.url, "/.well-known/oauth-authorization-server");
    let metadata = ask(call, &running.url, ca_file).await.json();
    assert_eq!(metadata["issuer"], running.url.as_str());
    assert!(running.url.starts_with("https://"));
}

#[tokio::test]
async fn tls_1_3_and_http_1_1_are_agreed_on_and_sessions_are_resumed() {
    let target = start(Model::NoAuth).await;
    let url = &target.resource.url;
    let config = Arc::new(client(file(target.resource.identity.as_ref())));
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let stream = connect(url, "localhost", &config).await;
        let session = stream.get_ref().1;
        assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
        kinds.push(session.handshake_kind().expect("a handshake"));
        // The tickets come with what the server sends first.
        assert_eq!(get(url, "/resource").send_on(stream).await.code(), 200);
    }
    use HandshakeKind::{Full, Resumed};
    assert_eq!(kinds, [Full, Resumed, Resumed]);
}

#[tokio::test]
async fn plain_http_is_answered_by_an_alert() {
    let target = start(Model::NoAuth).await;
    let authority = target.resource.url.strip_prefix("https://").expect("https");
    let mut tcp = TcpStream::connect(authority).await.expect("a connection");
    tcp.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("writes");
    let mut answer = [0; 2];
    tcp.read_exact(&mut answer).await.expect("an alert");
    assert_eq!(answer, [0x15, 3], "RFC 8446 §5.1");
}

#[tokio::test]
async fn the_keys_stay_in_memory_and_the_file_goes_with_its_server() {
    let target = start(Model::NoAuth).await;
    let ca_file = file(target.resource.identity.as_ref()).to_owned();
    let folder = ca_file.parent().expect("a folder");
    let pem = std::fs::read_to_string(&ca_file).expect("a file");
    assert_eq!(pem.matches("-----BEGIN").count(), 1);
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(std::fs::read_dir(folder).expect("a folder").count(), 1);
    target.resource.shut_down().await;
    assert!(!folder.exists());
}
