//! `keyform serve`: the embedded backend as a server of its own.

use crate::cli::context;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::signals::Stop;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::client;
use crate::http::client::Client;
use crate::secret::Secret;
use crate::server;
use crate::server::files::LocalFiles;
use crate::server::rate::RateLimits;
use crate::view::words;
use serde::Serialize;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Run the embedded backend as a server.
///
/// Speaks the API of Infisical: projects, environments, folders, secrets, imports, connections, and syncs
/// that it runs itself. Data is kept encrypted in one directory. It speaks plain HTTP: keep it on this
/// machine, or put a proxy with TLS in front. SIGTERM and Ctrl-C end it in order.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform serve --data /var/lib/keyform\n  \
                        keyform serve --client-id ci --client-secret-file /run/secrets/keyform")]
pub(super) struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the data is kept
    #[arg(long, value_name = "DIR", default_value = "keyform-data")]
    data: PathBuf,
    /// The one machine identity that may log in; without it, one is made and kept in the data directory
    #[arg(long, value_name = "ID", requires = "client_secret_file")]
    client_id: Option<String>,
    /// A file with its secret
    #[arg(long, value_name = "FILE", requires = "client_id")]
    client_secret_file: Option<PathBuf>,
    /// Let connections of the app `local` write files of this machine, in this directory only
    #[arg(long, value_name = "DIR")]
    allow_local: Option<PathBuf>,
    /// Speak as a server of this time
    #[arg(long, value_enum, default_value = "newest")]
    dialect: Dialect,
    /// Take so many requests a minute for each route and address that asks, as the vendor does; the rest is
    /// answered 429
    #[arg(long, value_name = "NUMBER")]
    rate_limit: Option<NonZeroU32>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Dialect {
    /// The newest one
    Newest,
    /// October 2024: older addresses, no app connections, no syncs
    #[value(name = "2024-10")]
    October2024,
}

impl From<Dialect> for server::dialect::Dialect {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Newest => Self::Newest,
            Dialect::October2024 => Self::October2024,
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    url: &'a str,
    client_id: &'a str,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let Some(registry) = context.registry() else { return context.failed("serve") };
    let Some(runtime) = context.runtime() else { return context.failed("serve") };
    let result = runtime.block_on(async {
        let options = server::Options {
            data: args.data.clone(),
            listen: args.listen,
            identity: identity(context, args)?,
            local: local(args)?,
            dialect: args.dialect.into(),
            rate_limits: args.rate_limit.map(rate_limits),
        };
        let client = Client::new(client::Options::default())?;
        let mut stop = Stop::listen()?;
        let running = server::start(options, Arc::new(registry), client).await?;
        announce(context, args, &running);
        stop.asked().await;
        context.terminal.note("Stopping.\n");
        running.shutdown().await;
        Ok::<(), Diagnostic>(())
    });
    match result {
        Ok(()) => Exit::Done,
        Err(diagnostic) => {
            context.tell(diagnostic);
            context.failed("serve")
        }
    }
}

/// Which files of this machine may be written. The directory is there already: one that is not is a mistyped one.
fn local(args: &Args) -> Result<LocalFiles, Diagnostic> {
    let Some(dir) = &args.allow_local else { return Ok(LocalFiles::Refused) };
    let why = match std::fs::metadata(dir) {
        Ok(found) if found.is_dir() => return Ok(LocalFiles::Below(dir.clone())),
        Ok(_) => "it is no directory".to_owned(),
        Err(error) => context::why(&error),
    };
    let detail = format!("`--allow-local {}`: {why}.", dir.display());
    Err(Diagnostic::error(&codes::UNREADABLE, detail).help("make the directory first, or name the one that is meant"))
}

fn identity(context: &Context, args: &Args) -> Result<Option<(String, Secret)>, Diagnostic> {
    let (Some(id), Some(file)) = (&args.client_id, &args.client_secret_file) else { return Ok(None) };
    let secret = Secret::new(context.read(file)?.trim().to_owned());
    if secret.is_empty() {
        let detail = format!("`{}` is empty; it should hold the client secret.", file.display());
        return Err(Diagnostic::error(&codes::UNREADABLE, detail));
    }
    Ok(Some((id.clone(), secret)))
}

fn rate_limits(most: NonZeroU32) -> RateLimits {
    let most = most.get();
    RateLimits { read: most, write: most, secrets: most, window: Duration::from_secs(60) }
}

fn announce(context: &Context, args: &Args, running: &server::Running) {
    if context.global.json {
        let (url, client_id) = (running.url.as_str(), running.client_id.as_str());
        context.document(&Document { format: "keyform.serve/1", url, client_id });
        return;
    }
    let secret = match &args.client_secret_file {
        Some(file) => file.display().to_string(),
        None => format!("the second line of {}", args.data.join("identity").display()),
    };
    context.terminal.out(&format!("Listening on {}\n", running.url));
    context.terminal.out(&format!("Client id {}, its secret in {secret}\n", running.client_id));
    let paint = context.terminal.err_style().paint;
    if running.refused > 0 {
        let files = words::count(running.refused, "sync writes", "syncs write");
        let said = format!(
            "{} {files} files of this machine and will fail: start with `--allow-local DIR` to allow one directory.\n",
            paint.warn("Note:")
        );
        context.terminal.err(&words::sentences(&said, context.terminal.err_style().width));
    }
    if !args.listen.ip().is_loopback() {
        context.terminal.err(&format!("{} this is plain HTTP; put a proxy with TLS in front.\n", paint.warn("Note:")));
    }
}
