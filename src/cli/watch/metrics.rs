//! `/metrics` and `/healthz`: two pages, by as much HTTP as they take. Nothing is read but the first line of a request.

use crate::cli::watch::board::Board;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Most bytes of a request's head.
const HEAD: usize = 8192;
/// How long one exchange may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most exchanges at once.
const AT_ONCE: usize = 32;

/// Answers until the process ends.
pub(super) async fn serve(listener: TcpListener, board: Arc<Board>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let board = Arc::clone(&board);
                tokio::spawn(async move {
                    // Whoever goes away or is too slow gets no answer.
                    let _ = tokio::time::timeout(PATIENCE, answer(stream, &board)).await;
                    drop(place);
                });
            }
            // Out of open files, mostly: it may pass.
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

async fn answer(mut stream: TcpStream, board: &Board) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") && head.len() < HEAD {
        let mut part = [0; 1024];
        match stream.read(&mut part).await? {
            0 => break,
            n => head.extend_from_slice(&part[..n]),
        }
    }
    let first = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default();
    let (status, kind, body) = match (method, path) {
        ("GET" | "HEAD", "/metrics") => ("200 OK", "text/plain; version=0.0.4; charset=utf-8", board.metrics()),
        ("GET" | "HEAD", "/healthz") => match board.stuck() {
            None => ("200 OK", "text/plain", "ok\n".to_owned()),
            Some(taken) => {
                let why = format!("a run is under way for {} seconds\n", taken.as_secs());
                ("503 Service Unavailable", "text/plain", why)
            }
        },
        (_, "/metrics" | "/healthz") => ("405 Method Not Allowed", "text/plain", "only GET\n".to_owned()),
        _ => ("404 Not Found", "text/plain", "/metrics and /healthz are here\n".to_owned()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    if method != "HEAD" {
        stream.write_all(body.as_bytes()).await?;
    }
    stream.shutdown().await
}
