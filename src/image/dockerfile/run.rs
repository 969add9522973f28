//! Running a builder: its lines passed on as they come, its last ones kept for the fault. What it sends to a registry, the lease is
//! asked about first.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use crate::image::env::Env;
use crate::model::fault::Fault;
use crate::model::fault::build::{BuildProblem, Doing};
use crate::model::progress::Progress;
use crate::model::secrets::Secrets;
use crate::outside::run::{self, End, Leftovers, Lines, Pipe};
use crate::ports::fence::Fence;
use crate::ports::images::Say;

/// CodeBuild's own longest build is as long by default quotas; what builds longer hangs.
const LONGEST: Duration = Duration::from_secs(8 * 3600);
/// How many of a builder's last lines are reported: enough to show what was wrong.
const LAST_LINES: usize = 20;

/// Words by which the tools and registries say that a push was not allowed rather than broken.
const DENIALS: [&str; 8] = [
    "unauthorized",
    "authentication required",
    "no basic auth credentials",
    "denied: ",
    "is denied",
    "not authorized",
    "403 forbidden",
    "401 unauthorized",
];

/// A builder, and where its lines go.
pub struct Runner<'a> {
    pub program: &'a Path,
    pub env: &'a Env,
    pub say: Say<'a>,
    /// Replaced in its lines: a build may print the secrets that it gets.
    pub secrets: Secrets,
    pub fence: &'a Fence,
}

impl Runner<'_> {
    /// Runs a command that changes nothing outside of this machine, and answers what was said last.
    ///
    /// # Errors
    /// `BuildFailed` with the last lines as cause.
    pub async fn build(&self, args: &[OsString], env: &[(&str, &OsStr)]) -> Result<Vec<String>, Fault> {
        self.run(Doing::Build, args, env).await
    }

    /// The same for one that pushes.
    ///
    /// # Errors
    /// The lease's own; `BuildFailed`, or `AccessDenied` where the registry refused, with the last lines as cause.
    pub async fn push(&self, args: &[OsString], env: &[(&str, &OsStr)]) -> Result<Vec<String>, Fault> {
        self.fence.check()?;
        self.run(Doing::Push, args, env).await
    }

    /// The same for one that builds and pushes: the lease is asked before the build, since the command cannot be stopped between the two.
    ///
    /// # Errors
    /// As `push`.
    pub async fn build_and_push(&self, args: &[OsString], env: &[(&str, &OsStr)]) -> Result<Vec<String>, Fault> {
        self.fence.check()?;
        self.run(Doing::Build, args, env).await
    }

    async fn run(&self, doing: Doing, args: &[OsString], env: &[(&str, &OsStr)]) -> Result<Vec<String>, Fault> {
        let name = self.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let last = Mutex::new(VecDeque::with_capacity(LAST_LINES));
        let hear = |line: &str| {
            let line = self.secrets.masked(line);
            (self.say)(&Progress::Output { line: line.to_string() });
            let mut last = last.lock().expect("no holder panics");
            if last.len() == LAST_LINES {
                last.pop_front();
            }
            last.push_back(line.into_owned());
        };
        let mut command = Command::new(self.program);
        command.args(args).envs(self.env.overrides()).envs(env.iter().copied());
        let (mut out, mut err) = (Lines::default(), Lines::default());
        let mut listen = |pipe, bytes: &[u8]| match pipe {
            Pipe::Out => out.take(bytes, &mut |line| shown(line, &hear)),
            Pipe::Err => err.take(bytes, &mut |line| shown(line, &hear)),
        };
        let ended = run::run(command, None, Some(LONGEST), Leftovers::Stay, &mut listen)
            .await
            .map_err(|e| Fault::from(BuildProblem::NotRunnable { program: name.clone() }).said(e.to_string()))?;
        out.end(&mut |line| shown(line, &hear));
        err.end(&mut |line| shown(line, &hear));
        let last: Vec<String> = last.into_inner().expect("no holder panics").into();
        match ended {
            End::Exited(status) if status.success() => Ok(last),
            End::Exited(status) => Err(failure(&name, doing, status, &last)),
            End::TimedOut => {
                let problem = BuildProblem::TooLong { program: name, hours: LONGEST.as_secs() / 3600 };
                Err(Fault { said: words(&last), ..problem.into() })
            }
        }
    }
}

fn failure(name: &str, doing: Doing, status: std::process::ExitStatus, last: &[String]) -> Fault {
    let (program, status, said) = (name.to_owned(), status.to_string(), words(last));
    let lower = said.as_deref().unwrap_or_default().to_lowercase();
    let problem = match doing {
        Doing::Push if DENIALS.iter().any(|d| lower.contains(d)) => BuildProblem::PushDenied { program, status },
        Doing::Push | Doing::Build => BuildProblem::Failed { program, doing, status },
    };
    Fault { said, ..problem.into() }
}

/// What a builder said last, if it said anything.
fn words(last: &[String]) -> Option<String> {
    (!last.is_empty()).then(|| last.join("\n"))
}

/// A line that is not blank; of one that a progress bar has overwritten, its last text.
fn shown(line: &str, hear: &dyn Fn(&str)) {
    if let Some(shown) = line.split('\r').map(str::trim_end).rfind(|part| !part.is_empty()) {
        hear(shown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::FaultKind;

    async fn shell(doing: Doing, script: &str) -> (Result<Vec<String>, Fault>, Vec<String>) {
        let heard = Mutex::new(Vec::new());
        let say = |progress: &Progress| match progress {
            Progress::Output { line } => heard.lock().unwrap().push(line.clone()),
            other => panic!("{other:?}"),
        };
        let env = Env::empty();
        let mut secrets = Secrets::default();
        secrets.add("hush-hush");
        let fence = Fence::open();
        let runner = Runner { program: Path::new("/bin/sh"), env: &env, say: &say, secrets, fence: &fence };
        let answer = runner.run(doing, &["-c".into(), script.into()], &[]).await;
        (answer, heard.into_inner().unwrap())
    }

    #[tokio::test]
    async fn every_line_is_passed_on_and_the_last_are_the_cause() {
        let (answer, heard) = shell(Doing::Build, "for i in $(seq 30); do echo line $i; done; exit 7").await;
        assert_eq!(heard.len(), 30);
        let fault = answer.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::BuildFailed);
        let (program, status) = ("sh".to_owned(), "exit status: 7".to_owned());
        assert_eq!(fault.problem, BuildProblem::Failed { program, doing: Doing::Build, status }.into());
        let said = fault.said.unwrap();
        assert!(said.starts_with("line 11\n") && said.ends_with("line 30"), "{said}");
    }

    #[tokio::test]
    async fn a_secret_is_masked_in_lines_and_in_the_fault() {
        let (answer, heard) = shell(Doing::Push, "echo a hush-hush b; echo hush-hush >&2; exit 1").await;
        let fault = answer.unwrap_err();
        assert!(heard.contains(&"a *** b".to_owned()), "{heard:?}");
        assert!(!format!("{heard:?}{fault:?}").contains("hush-hush"));
    }

    #[tokio::test]
    async fn both_outputs_are_read_and_the_final_progress_is_shown() {
        let (answer, heard) = shell(Doing::Build, r"printf '10%%\r50%%\r100%%\n\n'; echo err >&2").await;
        answer.unwrap();
        let mut heard = heard;
        heard.sort();
        assert_eq!(heard, ["100%", "err"]);
    }

    #[tokio::test]
    async fn a_refused_push_is_a_denial_and_a_broken_one_is_not() {
        let (answer, _) = shell(Doing::Push, "echo 'no basic auth credentials' >&2; exit 1").await;
        assert_eq!(answer.unwrap_err().kind(), FaultKind::AccessDenied);
        for broken in ["connection reset", "permission denied while trying to connect to the Docker daemon"] {
            let (answer, _) = shell(Doing::Push, &format!("echo '{broken}' >&2; exit 1")).await;
            assert_eq!(answer.unwrap_err().kind(), FaultKind::BuildFailed);
        }
        let (answer, _) = shell(Doing::Build, "echo 'permission denied' >&2; exit 1").await;
        assert_eq!(answer.unwrap_err().kind(), FaultKind::BuildFailed);
    }
}
