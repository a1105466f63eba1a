//! Mail through a server: TLS from the start (`smtps`), or STARTTLS, without which nothing is sent but to this machine itself.

use crate::diag::Diagnostic;
use crate::http::Method;
use crate::http::Request;
use crate::http::client::is_loopback;
use crate::model::attrs::Value;
use crate::model::desired::Notify;
use crate::notify::BUDGET;
use crate::notify::refused;
use crate::secret::Secret;
use crate::view::notice::Notice;
use backon::Retryable;
use lettre::AsyncSmtpTransport;
use lettre::AsyncTransport;
use lettre::Message;
use lettre::Tokio1Executor;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::Tls;
use std::time::Duration;

/// How often a mail is tried that only could not be sent for the moment.
const TRIES: usize = 3;

/// Who sends mail to whom, and through what.
pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    server: String,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mail {
    /// What a block says. Asks nothing.
    ///
    /// # Errors
    /// The server's address or one of the others is none.
    pub(super) fn new(block: &Notify, password: Option<Secret>) -> Result<Self, Diagnostic> {
        let text = |name: &str| block.attrs.get(name).and_then(Value::as_str);
        let server = text("server").unwrap_or_default();
        let (scheme, rest) = server.split_once("://").unwrap_or(("smtps", server));
        // Whatever reads addresses of the web reads these as well.
        let url = Request::new(Method::Get, &format!("https://{rest}")).map_err(|why| refused(why.detail))?.url;
        let host = url.host_str().unwrap_or_default().to_owned();
        let unusable = |_| refused(format!("`{host}` can't be reached with TLS."));
        let mut builder = match scheme {
            "smtps" => AsyncSmtpTransport::<Tokio1Executor>::relay(&host).map_err(unusable)?,
            _ if is_loopback(&host) => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host).tls(Tls::None),
            _ => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&host).map_err(unusable)?,
        };
        if let Some(port) = url.port() {
            builder = builder.port(port);
        }
        if let Some((user, password)) = text("user").zip(password) {
            builder = builder.credentials(Credentials::new(user.to_owned(), password.expose().to_owned()));
        }
        let mailbox =
            |text: &str| text.parse::<Mailbox>().map_err(|_| refused(format!("`{text}` is no address of mail.")));
        let to = block.attrs.get("to").and_then(Value::as_list).unwrap_or_default();
        Ok(Self {
            transport: builder.timeout(Some(BUDGET / 3)).build(),
            from: mailbox(text("from").unwrap_or_default())?,
            to: to.iter().filter_map(Value::as_str).map(mailbox).collect::<Result<_, _>>()?,
            server: host,
        })
    }

    pub(super) async fn send(&self, notice: &Notice) -> Result<(), Diagnostic> {
        let mail = Message::builder().from(self.from.clone()).subject(notice.title());
        let mail = self.to.iter().fold(mail, |mail, to| mail.to(to.clone())).header(ContentType::TEXT_PLAIN);
        let mail = mail.body(notice.text()).map_err(|_| refused("The mail can't be written.".to_owned()))?;
        let pauses =
            backon::ExponentialBuilder::default().with_min_delay(Duration::from_secs(1)).with_max_times(TRIES - 1);
        let sent = (|| self.transport.send(mail.clone())).retry(pauses).when(|error| !error.is_permanent()).await;
        sent.map(drop).map_err(|error| {
            // What the server said may quote what it was sent.
            let what = match error.status() {
                Some(status) => format!("answered {status}"),
                None if error.is_timeout() => "did not answer in time".to_owned(),
                None if error.is_tls() => "has no TLS, or a certificate that is not trusted".to_owned(),
                None if error.is_client() => "takes no such mail or login".to_owned(),
                None => "could not be reached".to_owned(),
            };
            refused(format!("The mail server `{}` {what}.", self.server))
                .help("look at the address, the login and the sender")
        })
    }
}
