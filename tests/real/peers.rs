//! Software of others, started on loopback for one test and ended with it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kanmon::ports::clock::Clock;
use kanmon::ports::images::{Access, Login};

/// dockerd takes some seconds to start on a busy machine; a program that needs longer is broken.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Whether all of these programs exist. If not, prints which test is left out, or fails if they are required.
pub fn have(test: &str, programs: &[&str]) -> bool {
    let missing: Vec<&str> = programs.iter().copied().filter(|p| find(p).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    leave_out(test, &format!("no {}", missing.join(", ")));
    false
}

/// Prints that a test is left out, or fails if the programs are required.
pub fn leave_out(test: &str, why: &str) {
    let required = std::env::var("KANMON_PEERS").is_ok_and(|v| v == "required");
    assert!(!required, "{test}: {why}, and KANMON_PEERS=required");
    // Not through the test harness, which hides the output of passing tests.
    let _ = std::io::stderr().write_all(format!("left out: {test} ({why})\n").as_bytes());
}

pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let beyond = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(beyond).map(|d| d.join(program)).find(|p| p.is_file())
}

/// A clock with the real time that hardly sleeps.
pub struct HastyClock;

#[async_trait]
impl Clock for HastyClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn uptime(&self) -> SignedDuration {
        kanmon::local::clock::SystemClock.uptime()
    }

    async fn sleep(&self, _duration: SignedDuration) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    fn token(&self, digits: usize) -> String {
        (0..digits).map(|_| char::from_digit(rand::random_range(0..16), 16).unwrap()).collect()
    }
}

/// A process that is ended by its id: with SIGTERM first, so that it ends its own children.
pub struct Owned(pub Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let until = Instant::now() + Duration::from_secs(15);
        while Instant::now() < until {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn wait_for(what: &str, process: &mut Child, log: &Path, ready: impl Fn() -> bool) {
    let until = Instant::now() + START_TIMEOUT;
    while !ready() {
        let ended = process.try_wait().unwrap();
        assert!(
            ended.is_none() && Instant::now() < until,
            "{what} did not start ({ended:?}):\n{}",
            std::fs::read_to_string(log).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(30));
    }
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A `docker-registry` that needs a login.
pub struct RegistryPeer {
    _process: Owned,
    dir: tempfile::TempDir,
    pub host: String,
}

impl RegistryPeer {
    pub const USER: &str = "AWS";
    pub const PASSWORD: &str = "a-very-secret-pass:word";

    pub fn start() -> RegistryPeer {
        let dir = tempfile::tempdir().unwrap();
        let hashed = Command::new("htpasswd").args(["-Bbn", Self::USER, Self::PASSWORD]).output().unwrap();
        assert!(hashed.status.success());
        std::fs::write(dir.path().join("htpasswd"), hashed.stdout).unwrap();
        let host = format!("127.0.0.1:{}", free_port());
        let root = dir.path().display();
        let config = format!(
            "version: 0.1\nlog: {{level: warn}}\nstorage:\n  filesystem: {{rootdirectory: {root}/store}}\n  \
             delete: {{enabled: true}}\nhttp: {{addr: {host}}}\n\
             auth:\n  htpasswd: {{realm: kanmon, path: {root}/htpasswd}}\n"
        );
        std::fs::write(dir.path().join("config.yml"), config).unwrap();
        let log = dir.path().join("log");
        let out = std::fs::File::create(&log).unwrap();
        let mut process = Command::new("docker-registry")
            .args(["serve", &format!("{root}/config.yml")])
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        wait_for("docker-registry", &mut process, &log, || std::net::TcpStream::connect(&host).is_ok());
        RegistryPeer { _process: Owned(process), dir, host }
    }

    /// One of its repositories, with the login.
    pub fn access(&self, path: &str) -> Access {
        let login = Login { username: Self::USER.into(), password: Self::PASSWORD.into() };
        Access { repository: format!("{}/{path}", self.host), login: Some(login), login_from: None, insecure: true }
    }

    /// A `DOCKER_CONFIG` folder with the login, as `docker login` writes it.
    pub fn docker_config(&self) -> PathBuf {
        use base64::Engine as _;
        let auth = format!("{}:{}", Self::USER, Self::PASSWORD);
        let auth = base64::engine::general_purpose::STANDARD.encode(auth);
        let folder = self.dir.path().join("docker-config");
        std::fs::create_dir_all(&folder).unwrap();
        let config = serde_json::json!({"auths": {&self.host: {"auth": auth}}});
        std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
        folder
    }

    /// The manifest that skopeo reads under a tag or digest, byte for byte.
    pub fn skopeo_raw(&self, path: &str, reference: &str) -> Vec<u8> {
        let at = if reference.starts_with("sha256:") { "@" } else { ":" };
        let read = Command::new("skopeo")
            .args(["inspect", "--raw", "--tls-verify=false", "--creds"])
            .arg(format!("{}:{}", Self::USER, Self::PASSWORD))
            .arg(format!("docker://{}/{path}{at}{reference}", self.host))
            .output()
            .unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        read.stdout
    }

    /// The image configuration, as skopeo reads it.
    pub fn skopeo_config(&self, path: &str, tag: &str) -> serde_json::Value {
        let read = Command::new("skopeo")
            .args(["inspect", "--config", "--tls-verify=false", "--creds"])
            .arg(format!("{}:{}", Self::USER, Self::PASSWORD))
            .arg(format!("docker://{}/{path}:{tag}", self.host))
            .output()
            .unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        serde_json::from_slice(&read.stdout).unwrap()
    }

    /// Copies the whole image with skopeo, which reads and checks every layer of every platform.
    pub fn skopeo_pulls(&self, path: &str, reference: &str) {
        let into = tempfile::tempdir().unwrap();
        let at = if reference.starts_with("sha256:") { "@" } else { ":" };
        let read = Command::new("skopeo")
            .args(["copy", "--all", "--src-tls-verify=false", "--src-creds"])
            .arg(format!("{}:{}", Self::USER, Self::PASSWORD))
            .arg(format!("docker://{}/{path}{at}{reference}", self.host))
            .arg(format!("oci:{}:x", into.path().display()))
            .output()
            .unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    }
}

/// A separate Docker daemon without a network.
pub struct DockerPeer {
    process: Option<Owned>,
    dir: tempfile::TempDir,
    /// For `DOCKER_HOST`.
    pub host: String,
}

impl DockerPeer {
    /// `None` if this user may not run a daemon.
    pub fn start() -> Option<DockerPeer> {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| format!("{}/{name}", dir.path().display());
        let host = format!("unix://{}", path("s"));
        let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        if !root {
            return None;
        }
        let log = dir.path().join("log");
        let out = std::fs::File::create(&log).unwrap();
        let mut process = Command::new(find("dockerd").unwrap())
            .args(["--host", &host, "--data-root", &path("data"), "--exec-root", &path("exec")])
            .args(["--pidfile", &path("pid"), "--iptables=false", "--ip6tables=false", "--bridge=none"])
            .args(["--storage-driver", "vfs"])
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        wait_for("dockerd", &mut process, &log, || {
            let asked = Command::new("docker").args(["--host", &host, "version"]).output();
            asked.is_ok_and(|o| o.status.success())
        });
        Some(DockerPeer { process: Some(Owned(process)), dir, host })
    }
}

impl Drop for DockerPeer {
    fn drop(&mut self) {
        drop(self.process.take());
        // dockerd leaves the network namespace of its containers mounted, and a mounted folder cannot be removed.
        let namespace = self.dir.path().join("exec/netns/default");
        if namespace.exists() {
            let _ = Command::new("umount").arg(namespace).stderr(Stdio::null()).status();
        }
    }
}
