//! Checks by HTTP and by command.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::model::pipeline::Check;
use crate::model::secrets::Secrets;
use crate::model::verdict::Verdict;
use crate::ports::checks::{Checked, Checks};

/// One request of a check: long enough for a cold start, short enough that several fit into the check's timeout.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two requests, while a load balancer still turns round.
const AGAIN: Duration = Duration::from_secs(1);
/// How much of an answer's body is read for `contains`.
const BODY: usize = 1 << 20;

/// Runs commands in the repository's root, and asks addresses through the environment's proxies.
pub struct LocalChecks {
    root: PathBuf,
    http: reqwest::Client,
    secrets: Secrets,
}

impl LocalChecks {
    /// # Errors
    /// When no TLS or proxy set-up can be made.
    pub fn new(root: PathBuf) -> Result<LocalChecks, reqwest::Error> {
        // A redirect is an answer of its own: an outsider sent to a login page has not been let in.
        let http =
            reqwest::Client::builder().timeout(REQUEST_TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?;
        let vars = std::env::vars_os();
        let secrets = Secrets::of_environment(
            vars.map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())),
        );
        Ok(LocalChecks { root, http, secrets })
    }

    async fn ask(&self, url: &str, status: u16, contains: Option<&str>) -> Checked {
        let mut answer = match self.http.get(url).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return Checked { verdict: Verdict::Unknown, detail: format!("{url}: {}", root_cause(&error)) };
            }
        };
        let got = answer.status().as_u16();
        if got != status {
            return Checked { verdict: Verdict::Fail, detail: format!("{url} answered {got}, not {status}") };
        }
        if let Some(wanted) = contains {
            let mut body = Vec::new();
            while let Ok(Some(chunk)) = answer.chunk().await {
                body.extend_from_slice(&chunk);
                if body.len() >= BODY {
                    break;
                }
            }
            if !String::from_utf8_lossy(&body).contains(wanted) {
                let detail = format!("{url} answered {got}, but its body does not contain `{wanted}`");
                return Checked { verdict: Verdict::Fail, detail };
            }
        }
        Checked { verdict: Verdict::Pass, detail: format!("{url} answered {got}") }
    }

    async fn until(&self, timeout: SignedDuration, url: &str, status: u16, contains: Option<&str>) -> Checked {
        let timeout = Duration::try_from(timeout).unwrap_or_default();
        let late = tokio::time::Instant::now() + timeout;
        loop {
            let mut checked = self.ask(url, status, contains).await;
            if checked.verdict == Verdict::Pass {
                return checked;
            }
            if tokio::time::Instant::now() + AGAIN >= late {
                // Nothing but silence for the whole time is a failure of the stage, not a doubt about it.
                checked.verdict = Verdict::Fail;
                checked.detail = format!("{} (asked for {} s)", checked.detail, timeout.as_secs());
                return checked;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn command(&self, argv: &[String], timeout: SignedDuration, vars: &[(String, String)]) -> Checked {
        let unknown = |detail: String| Checked { verdict: Verdict::Unknown, detail };
        let Some((program, args)) = argv.split_first() else { return unknown("the command is empty".to_owned()) };
        let spawned = Command::new(program)
            .args(args)
            .envs(vars.iter().map(|(k, v)| (k, v)))
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => return unknown(format!("`{program}` cannot be run: {error}")),
        };
        let out = tokio::spawn(last_line(child.stdout.take()));
        let err = tokio::spawn(last_line(child.stderr.take()));
        let limit = Duration::try_from(timeout).unwrap_or_default();
        let status = match tokio::time::timeout(limit, child.wait()).await {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => return unknown(format!("`{program}` cannot be waited for: {error}")),
            Err(_) => {
                let _ = child.kill().await;
                let detail = format!("`{}` did not end within {} s", argv.join(" "), limit.as_secs());
                return Checked { verdict: Verdict::Fail, detail };
            }
        };
        let last = err.await.ok().flatten().or(out.await.ok().flatten());
        // It is recorded, and a command inherits the environment with its credentials.
        let last = last.map(|l| format!(": {}", shortened(&self.secrets.masked(&l)))).unwrap_or_default();
        match status.code() {
            Some(0) => Checked { verdict: Verdict::Pass, detail: format!("`{}` exited with 0", argv.join(" ")) },
            Some(code) => {
                let detail = format!("`{}` exited with {code}{last}", argv.join(" "));
                Checked { verdict: Verdict::Fail, detail }
            }
            None => Checked { verdict: Verdict::Fail, detail: format!("`{}` was killed{last}", argv.join(" ")) },
        }
    }
}

#[async_trait]
impl Checks for LocalChecks {
    async fn check(&self, check: &Check, vars: &[(String, String)]) -> Checked {
        match check {
            Check::Http { url, status, contains, timeout } => {
                self.until(*timeout, url, *status, contains.as_deref()).await
            }
            Check::Command { argv, timeout } => self.command(argv, *timeout, vars).await,
        }
    }
}

/// As much of a line as tells what was the matter.
fn shortened(line: &str) -> String {
    line.chars().take(200).collect()
}

/// Drains a pipe, and keeps its last line that says something.
async fn last_line(pipe: Option<impl tokio::io::AsyncRead + Unpin>) -> Option<String> {
    let mut lines = BufReader::new(pipe?).lines();
    let mut last = None;
    while let Ok(Some(line)) = lines.next_line().await {
        if !line.trim().is_empty() {
            last = Some(line.trim().to_owned());
        }
    }
    last
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    async fn check(check: Check) -> Checked {
        LocalChecks::new(std::env::temp_dir()).unwrap().check(&check, &[("KANMON_STAGE".into(), "dev".into())]).await
    }

    fn command(argv: &[&str], timeout: SignedDuration) -> Check {
        Check::Command { argv: argv.iter().map(|s| (*s).to_owned()).collect(), timeout }
    }

    #[tokio::test]
    async fn a_command_passes_by_its_exit_code_and_is_told_the_stage() {
        let long = SignedDuration::from_secs(20);
        let passed = check(command(&["sh", "-c", "test $KANMON_STAGE = dev"], long)).await;
        assert_eq!(passed.verdict, Verdict::Pass);
        let failed = check(command(&["sh", "-c", "echo login is broken >&2; exit 3"], long)).await;
        assert_eq!(failed.verdict, Verdict::Fail);
        assert!(failed.detail.ends_with("exited with 3: login is broken"), "{}", failed.detail);
        let missing = check(command(&["no-such-program-here"], long)).await;
        assert_eq!(missing.verdict, Verdict::Unknown);
    }

    #[tokio::test]
    async fn a_command_that_hangs_fails_at_its_timeout() {
        let late = check(command(&["sleep", "60"], SignedDuration::from_millis(200))).await;
        assert_eq!(late.verdict, Verdict::Fail);
        assert!(late.detail.contains("did not end"), "{}", late.detail);
    }

    #[tokio::test]
    async fn http_is_asked_again_until_it_answers_as_expected() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            for status in ["503 Busy", "200 OK"] {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut buffer = [0; 1024];
                let _ = tokio::io::AsyncReadExt::read(&mut socket, &mut buffer).await;
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nv7");
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let url = format!("http://{address}/");
        let timeout = SignedDuration::from_secs(20);
        let asked = check(Check::Http { url, status: 200, contains: Some("v7".into()), timeout }).await;
        assert_eq!((asked.verdict, asked.detail.contains("200")), (Verdict::Pass, true));
        server.await.unwrap();
    }
}
