//! Checks by HTTP and by command.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;

use super::environment;
use super::http::{self, Wanted};
use crate::model::check_result::{CheckImpossible, CheckResult, CommandEnd, HttpAnswer, RequestRefusal};
use crate::model::fault::Fault;
use crate::model::fault::own::OwnProblem;
use crate::model::program_problem::ProgramProblem;
use crate::model::secrets::Secrets;
use crate::model::step::check::Check;
use crate::model::verdict::Verdict;
use crate::outside::run::{self, End, Leftovers, Lines, Pipe};
use crate::outside::{address, program};
use crate::ports::checks::{Checked, Checks};

/// Runs commands in the repository's root, and sends requests through the environment's proxies.
pub struct LocalChecks {
    root: PathBuf,
    secrets: Secrets,
}

impl LocalChecks {
    pub fn new(root: PathBuf) -> LocalChecks {
        let vars = std::env::vars_os();
        let secrets = Secrets::of_environment(
            vars.map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())),
        );
        LocalChecks { root, secrets }
    }

    async fn command(&self, argv: &[String], timeout: SignedDuration, vars: &[(String, String)]) -> Checked {
        let (verdict, end) = self.run(argv, timeout, vars).await;
        Checked { verdict, result: CheckResult::Command { command: argv.join(" "), end } }
    }

    async fn run(&self, argv: &[String], timeout: SignedDuration, vars: &[(String, String)]) -> (Verdict, CommandEnd) {
        let not_started = |why| (Verdict::Unknown, CommandEnd::NotStarted { why });
        let Some((program, args)) = argv.split_first() else { return not_started(ProgramProblem::Missing) };
        let file = match program::find(&self.root, program, std::env::var_os("PATH").as_deref()) {
            Ok(file) => file,
            Err(why) => return not_started(why),
        };
        let mut command = std::process::Command::new(file);
        command.args(args).current_dir(&self.root);
        environment::prepare(&mut command, vars);
        let limit = Duration::try_from(timeout).unwrap_or_default();
        let (mut out, mut err) = (Last::default(), Last::default());
        let mut hear = |pipe, bytes: &[u8]| match pipe {
            Pipe::Out => out.take(bytes),
            Pipe::Err => err.take(bytes),
        };
        let status = match run::run(command, None, Some(limit), Leftovers::End, &mut hear).await {
            Ok(End::Exited(status)) => status,
            Ok(End::TimedOut) => return (Verdict::Fail, CommandEnd::TimedOut { timeout }),
            Err(error) => return not_started(ProgramProblem::System { said: error.to_string() }),
        };
        let mut secrets = self.secrets.clone();
        vars.iter().filter(|(name, _)| environment::is_secret(name)).for_each(|(_, value)| secrets.add(value));
        // It is recorded, and a command may print the secrets that it was given.
        let last = err.end().or(out.end()).map(|line| shortened(&secrets.masked(&line)));
        match status.code() {
            Some(0) => (Verdict::Pass, CommandEnd::Exited { exit_code: 0, last: None }),
            Some(exit_code) => (Verdict::Fail, CommandEnd::Exited { exit_code, last }),
            None => (Verdict::Fail, CommandEnd::Killed { last }),
        }
    }
}

#[async_trait]
impl Checks for LocalChecks {
    async fn check(&self, check: &Check, vars: &[(String, String)]) -> Checked {
        match check {
            Check::Http { url, status, contains, timeout } => {
                let wanted = Wanted { url, status: *status, contains: contains.as_deref() };
                match http::client(http::System) {
                    Ok(client) => http::until(&client, *timeout, &wanted).await,
                    Err(error) => {
                        let why = RequestRefusal::Client { said: http::root_cause(&error) };
                        let answer = HttpAnswer::NotSent { why };
                        let result = CheckResult::Http { url: url.clone(), answer, tried_for: None };
                        Checked { verdict: Verdict::Unknown, result }
                    }
                }
            }
            Check::Command { argv, timeout, account: _ } => self.command(argv, *timeout, vars).await,
        }
    }

    fn preflight(&self, check: &Check) -> Result<(), Fault> {
        let impossible = match check {
            Check::Http { url, .. } => address::metadata_host(url)
                .map(|host| CheckImpossible::Request { why: RequestRefusal::Metadata { host } }),
            Check::Command { argv, .. } => argv.first().and_then(|program| {
                let why = program::find(&self.root, program, std::env::var_os("PATH").as_deref()).err()?;
                Some(CheckImpossible::Program { program: program.clone(), why })
            }),
        };
        impossible.map_or(Ok(()), |why| Err(OwnProblem::CheckImpossible { why }.into()))
    }
}

/// Enough of a line to see what was wrong.
fn shortened(line: &str) -> String {
    line.chars().take(200).collect()
}

/// The last line that is not blank.
#[derive(Default)]
struct Last {
    lines: Lines,
    last: Option<String>,
}

impl Last {
    fn take(&mut self, bytes: &[u8]) {
        let last = &mut self.last;
        self.lines.take(bytes, &mut |line| keep(last, line));
    }

    fn end(mut self) -> Option<String> {
        let last = &mut self.last;
        self.lines.end(&mut |line| keep(last, line));
        self.last
    }
}

fn keep(last: &mut Option<String>, line: &str) {
    if !line.trim().is_empty() {
        *last = Some(line.trim().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    async fn check(check: Check) -> Checked {
        LocalChecks::new(std::env::temp_dir()).check(&check, &[("KANMON_STAGE".into(), "dev".into())]).await
    }

    fn end(checked: Checked) -> CommandEnd {
        match checked.result {
            CheckResult::Command { end, .. } => end,
            CheckResult::Http { .. } => panic!("it is a command"),
        }
    }

    fn answer(checked: Checked) -> HttpAnswer {
        match checked.result {
            CheckResult::Http { answer, .. } => answer,
            CheckResult::Command { .. } => panic!("it is a request"),
        }
    }

    fn command(argv: &[&str], timeout: SignedDuration) -> Check {
        Check::Command { argv: argv.iter().map(|s| (*s).to_owned()).collect(), timeout, account: None }
    }

    #[tokio::test]
    async fn a_command_passes_by_its_exit_code_and_gets_the_stage() {
        let long = SignedDuration::from_secs(20);
        let passed = check(command(&["sh", "-c", "test $KANMON_STAGE = dev"], long)).await;
        assert_eq!(passed.verdict, Verdict::Pass);
        let failed = check(command(&["sh", "-c", "echo login is broken >&2; exit 3"], long)).await;
        assert_eq!(failed.verdict, Verdict::Fail);
        assert_eq!(end(failed), CommandEnd::Exited { exit_code: 3, last: Some("login is broken".into()) });
        let missing = check(command(&["no-such-program-here"], long)).await;
        assert_eq!(missing.verdict, Verdict::Unknown);
    }

    #[tokio::test]
    async fn a_command_that_hangs_fails_at_its_timeout() {
        let late = check(command(&["sleep", "60"], SignedDuration::from_millis(200))).await;
        assert_eq!(late.verdict, Verdict::Fail);
        assert_eq!(end(late), CommandEnd::TimedOut { timeout: SignedDuration::from_millis(200) });
    }

    #[tokio::test]
    async fn a_command_has_only_the_credentials_that_it_is_given() {
        let long = SignedDuration::from_secs(20);
        let shown =
            check(command(&["sh", "-c", "env | grep ^AWS_ | grep -v _CA_ | sort | tr '\\n' ' ' >&2; exit 1"], long))
                .await;
        let expected = "AWS_CONFIG_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true AWS_SHARED_CREDENTIALS_FILE=";
        let CommandEnd::Exited { exit_code: 1, last: Some(last) } = end(shown) else { panic!("it exits with 1") };
        assert!(last.starts_with(expected), "{last}");
        let checks = LocalChecks::new(std::env::temp_dir());
        let vars = [("AWS_SECRET_ACCESS_KEY".to_owned(), "its-own-secret".to_owned())];
        let given = checks.check(&command(&["sh", "-c", "echo $AWS_SECRET_ACCESS_KEY!; exit 1"], long), &vars).await;
        assert_eq!(end(given), CommandEnd::Exited { exit_code: 1, last: Some("***!".into()) });
    }

    #[tokio::test]
    async fn metadata_addresses_are_never_asked() {
        let timeout = SignedDuration::from_secs(20);
        let http = |url: &str| Check::Http { url: url.into(), status: 200, contains: None, timeout };
        let asked = check(http("http://169.254.169.254/latest/meta-data/")).await;
        assert_eq!(asked.verdict, Verdict::Unknown);
        assert!(matches!(answer(asked), HttpAnswer::NotSent { why: RequestRefusal::Metadata { .. } }));
        let checks = LocalChecks::new(std::env::temp_dir());
        checks.preflight(&http("http://[fd00:ec2::254]/")).unwrap_err();
        checks.preflight(&http("http://127.0.0.1/")).unwrap();
    }

    #[tokio::test]
    async fn http_is_asked_again_until_it_answers_as_expected() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            for status in ["503 Busy", "200 OK"] {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut buffer = [0; 1024];
                let n = tokio::io::AsyncReadExt::read(&mut socket, &mut buffer).await.unwrap();
                let head = String::from_utf8_lossy(&buffer[..n]).to_lowercase();
                assert!(head.contains(&format!("user-agent: {}\r\n", http::USER_AGENT)), "{head}");
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nv7");
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let url = format!("http://{address}/");
        let timeout = SignedDuration::from_secs(20);
        let asked = check(Check::Http { url, status: 200, contains: Some("v7".into()), timeout }).await;
        assert_eq!((asked.verdict, answer(asked)), (Verdict::Pass, HttpAnswer::Expected { status: 200 }));
        server.await.unwrap();
    }
}
