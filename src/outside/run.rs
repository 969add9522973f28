//! Running a program in its own process group, with a time limit. It has ended when the program itself has: processes that it leaves in
//! the background keep its pipes open, but nobody waits for them.

use std::collections::BTreeSet;
use std::io::Result;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::{Instant, sleep_until};

/// Between the signal that asks a group to end and the one that ends it: a test runner writes its report, a client cancels.
const GRACE: Duration = Duration::from_secs(3);
/// What a program wrote before its end is in the pipe by then and read at once; this is how long a busy machine may take to do so.
const DRAIN: Duration = Duration::from_millis(500);
/// Longer than any time limit that makes sense.
const FOR_EVER: Duration = Duration::from_secs(86_400 * 365);

/// Which of a program's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipe {
    Out,
    Err,
}

/// What becomes of processes that a program leaves in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftovers {
    /// They end with it.
    End,
    /// They stay: some tools keep a helper of theirs between two runs.
    Stay,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Exited(ExitStatus),
    /// It timed out; its process group was ended.
    TimedOut,
}

/// The process groups that are running, for when this process exits without unwinding.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Ends every program that is running. For the moment before this process exits.
pub fn end_all() {
    for group in GROUPS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        end(*group, Signal::KILL);
    }
}

fn end(group: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(group) {
        // A group that has ended already needs no signal.
        let _ = kill_process_group(pid, signal);
    }
}

/// A process group, ended when it is dropped.
struct Group {
    id: i32,
    leftovers: Leftovers,
}

impl Group {
    fn new(id: i32) -> Group {
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        // Until the program itself has ended, nothing of it stays.
        Group { id, leftovers: Leftovers::End }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
        if self.leftovers == Leftovers::End {
            end(self.id, Signal::KILL);
        }
    }
}

/// Runs a program to its end, with `input` on its stdin. `hear` gets what it writes as it comes. When this future is dropped, the
/// process group is ended.
///
/// # Errors
/// Where it cannot be started or waited for.
pub async fn run(
    command: std::process::Command,
    input: Option<&[u8]>,
    limit: Option<Duration>,
    leftovers: Leftovers,
    hear: &mut (dyn FnMut(Pipe, &[u8]) + Send),
) -> Result<End> {
    let mut command = Command::from(command);
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn()?;
    let id = child.id().and_then(|id| i32::try_from(id).ok()).expect("a program that nobody has waited for has an id");
    let mut group = Group::new(id);
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let stdin = child.stdin.take();
    let feed = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A program that does not read its input ends by itself.
            let _ = stdin.write_all(input).await;
        }
    };
    tokio::pin!(feed);
    let (mut fed, mut ended, mut late) = (false, None, false);
    let mut until = Instant::now() + limit.unwrap_or(FOR_EVER);
    let (mut from_out, mut from_err) = ([0; 8192], [0; 8192]);
    loop {
        tokio::select! {
            () = &mut feed, if !fed => fed = true,
            n = read(&mut out, &mut from_out), if out.is_some() => match n {
                0 => out = None,
                n => hear(Pipe::Out, &from_out[..n]),
            },
            n = read(&mut err, &mut from_err), if err.is_some() => match n {
                0 => err = None,
                n => hear(Pipe::Err, &from_err[..n]),
            },
            status = child.wait(), if ended.is_none() => {
                ended = Some(status?);
                until = Instant::now() + DRAIN;
                // Processes that it leaves behind must not write into what is still read.
                if late || leftovers == Leftovers::End {
                    end(id, Signal::KILL);
                }
            }
            () = sleep_until(until) => match (ended, late) {
                (Some(_), _) => break,
                (None, false) => {
                    end(id, Signal::TERM);
                    (late, until) = (true, Instant::now() + GRACE);
                }
                (None, true) => {
                    end(id, Signal::KILL);
                    until = Instant::now() + FOR_EVER;
                }
            },
        }
        if ended.is_some() && out.is_none() && err.is_none() {
            break;
        }
    }
    if !late {
        group.leftovers = leftovers;
    }
    Ok(match ended {
        Some(status) if !late => End::Exited(status),
        Some(_) | None => End::TimedOut,
    })
}

/// What can be read now; 0 at the end, and where reading fails.
async fn read(pipe: &mut Option<impl AsyncRead + Unpin>, into: &mut [u8]) -> usize {
    match pipe {
        Some(pipe) => pipe.read(into).await.unwrap_or(0),
        None => 0,
    }
}

/// How a program ended, and what it wrote, up to its limit each.
pub struct Output {
    pub end: End,
    pub out: Vec<u8>,
    pub err: Vec<u8>,
    /// Whether it wrote more than is kept.
    pub cut: bool,
}

/// What a program that answers with a text may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub time: Duration,
    /// What is kept of each of its outputs, in bytes; the rest is read and forgotten.
    pub bytes: usize,
}

impl Output {
    pub fn succeeded(&self) -> bool {
        matches!(self.end, End::Exited(status) if status.success())
    }
}

/// Runs a program that answers with a text.
///
/// # Errors
/// Where it cannot be started or waited for.
pub async fn output(command: std::process::Command, input: Option<&[u8]>, limits: Limits) -> Result<Output> {
    let (mut out, mut err, mut cut) = (Vec::new(), Vec::new(), false);
    let mut hear = |pipe, bytes: &[u8]| {
        let into: &mut Vec<u8> = match pipe {
            Pipe::Out => &mut out,
            Pipe::Err => &mut err,
        };
        let room = limits.bytes - into.len();
        cut |= bytes.len() > room;
        into.extend_from_slice(&bytes[..bytes.len().min(room)]);
    };
    let end = run(command, input, Some(limits.time), Leftovers::Stay, &mut hear).await?;
    Ok(Output { end, out, err, cut })
}

/// The same for blocking code, on a separate thread.
///
/// # Errors
/// Where it cannot be started or waited for.
pub fn output_blocking(command: std::process::Command, limits: Limits) -> Result<Output> {
    std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(output(command, None, limits))
        });
        running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Cuts a stream into lines: `\n` ends one, and so does a length that no line written for people has.
#[derive(Default)]
pub struct Lines(Vec<u8>);

/// A longer line is cut into several, so that nothing grows without bounds.
const LONGEST: usize = 64 << 10;

impl Lines {
    pub fn take(&mut self, bytes: &[u8], line: &mut dyn FnMut(&str)) {
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            self.0.extend_from_slice(part);
            if part.ends_with(b"\n") || self.0.len() >= LONGEST {
                self.end(line);
            }
        }
    }

    /// What follows the last line end.
    pub fn end(&mut self, line: &mut dyn FnMut(&str)) {
        if !self.0.is_empty() {
            line(String::from_utf8_lossy(&self.0).trim_end_matches('\n'));
            self.0.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shell(script: &str, limit: Duration, leftovers: Leftovers) -> (End, String) {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", script]);
        let mut heard = Vec::new();
        let end = run(command, None, Some(limit), leftovers, &mut |_, bytes| heard.extend_from_slice(bytes)).await;
        (end.unwrap(), String::from_utf8(heard).unwrap())
    }

    /// Longer than a test takes: one that waits for it is ended by the suite's own limit.
    const LONG: Duration = Duration::from_secs(300);

    fn lives(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        // A zombie that nobody has collected yet is dead.
        !stat.is_empty() && !stat.contains(") Z ")
    }

    async fn ends(pid: &str) {
        while lives(pid) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn a_program_has_ended_when_it_exits_whatever_it_leaves_in_the_background() {
        let (end, heard) = shell("sleep 200 & echo $!; exit 3", LONG, Leftovers::End).await;
        assert!(matches!(end, End::Exited(status) if status.code() == Some(3)), "{end:?}");
        ends(&heard).await;
        let (end, heard) = shell("sleep 200 & echo $!; exit 0", LONG, Leftovers::Stay).await;
        assert!(matches!(end, End::Exited(status) if status.success()), "{end:?}");
        assert!(lives(&heard));
        std::process::Command::new("kill").arg(heard.trim()).status().unwrap();
    }

    #[tokio::test]
    async fn the_time_limit_ends_the_whole_group() {
        let (end, heard) =
            shell("sleep 200 & echo $!; sleep 200; true", Duration::from_millis(300), Leftovers::Stay).await;
        assert_eq!(end, End::TimedOut);
        ends(&heard).await;
    }

    #[tokio::test]
    async fn dropping_the_future_ends_the_group() {
        let dir = tempfile::tempdir().unwrap();
        let note = dir.path().join("pid");
        let script = format!("sleep 200 & echo $! > {}.new; mv {0}.new {0}; wait", note.display());
        let running = tokio::spawn(async move { shell(&script, LONG, Leftovers::Stay).await });
        let pid = loop {
            match std::fs::read_to_string(&note) {
                Ok(pid) => break pid,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        assert!(lives(&pid));
        running.abort();
        ends(&pid).await;
    }

    const LIMITS: Limits = Limits { time: LONG, bytes: 1 << 20 };

    #[tokio::test]
    async fn input_is_written_and_output_is_read() {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "cat; echo err >&2"]);
        let said = output(command, Some(&[b'x'; 200_000]), LIMITS).await.unwrap();
        assert!(said.succeeded() && !said.cut);
        assert_eq!((said.out.len(), said.err.as_slice()), (200_000, &b"err\n"[..]));
    }

    #[tokio::test]
    async fn blocking_code_can_wait_inside_of_a_future() {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "cat; echo out"]);
        assert_eq!(output_blocking(command, LIMITS).unwrap().out, b"out\n");
    }

    #[tokio::test]
    async fn an_output_over_the_limit_is_cut_and_marked() {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "head -c 3000000 /dev/zero"]);
        let said = output(command, None, LIMITS).await.unwrap();
        assert_eq!((said.out.len(), said.cut), (LIMITS.bytes, true));
    }

    #[test]
    fn lines_do_not_depend_on_how_the_stream_is_cut() {
        let mut lines = Lines::default();
        let mut heard = Vec::new();
        for piece in ["a", "b\nc", "\n\nd"] {
            lines.take(piece.as_bytes(), &mut |l| heard.push(l.to_owned()));
        }
        lines.end(&mut |l| heard.push(l.to_owned()));
        assert_eq!(heard, ["ab", "c", "", "d"]);
        let mut count = 0;
        lines.take(&vec![b'x'; LONGEST * 3], &mut |l| count += l.len());
        assert!(count >= LONGEST);
    }
}
