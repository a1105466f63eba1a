//! A relay of bytes before a server: one request a connection, and whatever may go wrong with it, down to
//! answers that no HTTP library would send.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// What is heard instead of the server's answer.
#[derive(Debug, Clone)]
pub(super) enum Says {
    /// The answer as it is, after a while.
    Late(Duration),
    /// The connection is reset without a word.
    Reset,
    /// Half of the answer, then a reset.
    Half,
    /// Half of the answer, said to be the whole of it.
    Short,
    /// The answer, byte by byte, too slowly.
    Drip,
    /// These bytes.
    Bytes(String),
    /// A refusal with this status that quotes what was sent, credentials and all, among things that no terminal
    /// should be given.
    Echo(u16),
}

/// Escape sequences, a change of the direction of writing, lines, Markdown, HTML.
pub(super) const ODD: &str = "odd\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\r\n::error::```<script>alert(1)</script>[x](http://e)|";

/// What happens to one request: whether the server hears of it, and what is heard of the server.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) is_done: bool,
    pub(super) says: Says,
}

/// Decides by method and path; AWS has one path for everything, and names the operation in a header.
pub(super) type Script = Arc<dyn Fn(&str, &str) -> Option<Fault> + Send + Sync>;

pub(super) struct Proxy {
    pub(super) url: String,
    script: Arc<Mutex<Script>>,
}

impl Proxy {
    pub(super) async fn before(target: SocketAddr) -> Self {
        let none: Script = Arc::new(|_, _| None);
        let script = Arc::new(Mutex::new(none));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::clone(&script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = shared.lock().unwrap().clone();
                // Whoever was cut off is gone: that is what this is for.
                tokio::spawn(async move { serve(stream, target, &script).await.ok() });
            }
        });
        Self { url, script }
    }

    pub(super) fn faults(&self, script: impl Fn(&str, &str) -> Option<Fault> + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    pub(super) fn heal(&self) {
        self.faults(|_, _| None);
    }
}

/// An answer with its length.
pub(super) fn answer(status: &str, headers: &str, kind: &str, body: &str) -> Says {
    let length = body.len();
    Says::Bytes(format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: {kind}\r\n{headers}content-length: {length}\r\n\r\n{body}"
    ))
}

async fn serve(mut stream: TcpStream, target: SocketAddr, script: &Script) -> io::Result<()> {
    let (head, body) = read(&mut stream).await?;
    let mut words = head.split(' ');
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default().split('?').next().unwrap_or_default();
    let operation = head.lines().find_map(|line| line.strip_prefix("x-amz-target: "));
    let path = operation.unwrap_or(path);
    let pass = Fault { is_done: true, says: Says::Late(Duration::ZERO) };
    let fault = script(method, path).unwrap_or(pass);
    let whole = if fault.is_done { ask(target, &head, &body).await? } else { Vec::new() };
    let start = whole.windows(4).position(|w| w == b"\r\n\r\n").map_or(0, |at| at + 4);
    let half = start + (whole.len() - start) / 2;
    match fault.says {
        Says::Late(pause) => {
            tokio::time::sleep(pause).await;
            stream.write_all(&whole).await?;
        }
        Says::Reset => return stream.set_zero_linger(),
        Says::Half => {
            stream.write_all(&whole[..half]).await?;
            // What is on its way must arrive before the reset overtakes it.
            tokio::time::sleep(Duration::from_millis(50)).await;
            return stream.set_zero_linger();
        }
        Says::Short => {
            let head = String::from_utf8_lossy(&whole[..start]).into_owned();
            let kept: String = head
                .split_inclusive("\r\n")
                .filter(|line| !line.to_ascii_lowercase().starts_with("content-length"))
                .filter(|line| *line != "\r\n")
                .collect();
            let head = format!("{kept}content-length: {}\r\n\r\n", half - start);
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&whole[start..half]).await?;
        }
        Says::Drip => {
            stream.write_all(&whole[..start]).await?;
            for byte in &whole[start..] {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        Says::Bytes(bytes) => stream.write_all(bytes.as_bytes()).await?,
        Says::Echo(status) => {
            let sent = String::from_utf8_lossy(&body);
            let message = format!("{ODD} {head} {sent}");
            let body =
                serde_json::json!({ "statusCode": status, "message": message, "error": ODD, "details": message });
            let Says::Bytes(bytes) = answer(&format!("{status} Odd"), "", "application/json", &body.to_string()) else {
                return Ok(());
            };
            stream.write_all(bytes.as_bytes()).await?;
        }
    }
    stream.shutdown().await
}

/// A request: its head, and its body.
async fn read(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..at + 4]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
                .unwrap_or(0);
            let mut body = bytes.split_off(at + 4);
            while body.len() < length {
                if stream.read_buf(&mut body).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            return Ok((head, body));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The server's whole answer.
async fn ask(target: SocketAddr, head: &str, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(target).await?;
    let head = head.trim_end_matches("\r\n");
    server.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    server.write_all(body).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    Ok(answer)
}
