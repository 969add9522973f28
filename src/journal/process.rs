//! Who this process is, and whether another one of this machine is still running.

use std::path::Path;
use std::sync::LazyLock;

use crate::ports::journal::Holder;

/// This machine, as far as process ids reach: its name, its boot, and the namespace of its process ids, so that two
/// containers that share a host name and a folder do not take each other's processes for ended ones.
static HOST: LazyLock<String> = LazyLock::new(|| {
    let boot = read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let ids = std::fs::read_link("/proc/self/ns/pid").map(|p| p.display().to_string()).unwrap_or_default();
    format!("{} {boot} {ids}", NAME.as_str())
});

static NAME: LazyLock<String> = LazyLock::new(|| {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
});

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|s| s.trim().to_owned())
}

/// This process, under a new random id.
pub fn this_process() -> Holder {
    let pid = std::process::id();
    let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()).filter(|s| !s.is_empty());
    let who = match user {
        Some(user) => format!("{user}@{}, pid {pid}", NAME.as_str()),
        None => format!("{}, pid {pid}", NAME.as_str()),
    };
    Holder { id: format!("{:032x}", rand::random::<u128>()), who, host: HOST.clone(), pid }
}

/// Whether a holder has certainly ended. For another machine's, and where there is no `/proc`, that is never certain: its lease expires.
/// A process id that another process got since then costs that wait, too. Processes hidden by `hidepid` are those of other users, who
/// cannot use this user's folder.
pub fn has_ended(holder: &Holder) -> bool {
    holder.host == *HOST && Path::new("/proc/self").exists() && !is_running(holder.pid)
}

/// A process that has ended still exists until its parent waits for it.
fn is_running(pid: u32) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        // The name stands in parentheses and may hold any of them; the state comes after the last.
        Ok(stat) => !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with(['Z', 'X']),
        Err(e) => e.kind() != std::io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_runs_until_it_ends_even_if_nobody_has_waited_for_it() {
        let me = this_process();
        assert!(!has_ended(&me));
        assert!(me.who.ends_with(&format!("pid {}", std::process::id())));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let holder = Holder { pid: child.id(), ..me };
        assert!(!has_ended(&holder));
        child.kill().unwrap();
        for _ in 0..500 {
            if has_ended(&holder) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(has_ended(&holder), "a zombie counts as ended");
        child.wait().unwrap();
        assert!(has_ended(&holder));
    }

    #[test]
    fn nothing_is_known_of_a_process_on_another_machine() {
        let elsewhere = Holder { host: "elsewhere".into(), pid: u32::MAX, ..this_process() };
        assert!(!has_ended(&elsewhere));
    }

    #[test]
    fn two_processes_never_have_one_id() {
        assert_ne!(this_process().id, this_process().id);
    }
}
