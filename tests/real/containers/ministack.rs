//! ministack: an ECS that runs real containers, and an ECR; one instance is one account.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::real::peers::{Owned, free_port, wait_for};

pub struct MiniStack {
    _process: Owned,
    _dir: tempfile::TempDir,
    /// `127.0.0.1:PORT`, of its API and of its registry.
    pub host: String,
}

impl MiniStack {
    pub const PROGRAM: &str = "ministack";

    /// For this account and region; its containers run in this Docker daemon.
    pub fn start(docker_host: &str, account: &str, region: &str) -> MiniStack {
        let dir = tempfile::tempdir().unwrap();
        let host = format!("127.0.0.1:{}", free_port());
        let log = dir.path().join("log");
        let out = std::fs::File::create(&log).unwrap();
        let settings = [
            ("DOCKER_HOST", docker_host),
            ("BIND_HOST", "127.0.0.1"),
            ("GATEWAY_PORT", host.rsplit(':').next().unwrap()),
            // The keys of another STS belong to this account here.
            ("MINISTACK_ACCOUNT_ID", account),
            ("MINISTACK_REGION", region),
        ];
        let folders = ["HOME", "TMPDIR"].map(|name| (name, PathBuf::from(dir.path())));
        let mut process = Command::new(MiniStack::PROGRAM)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs(settings)
            .envs(folders)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        wait_for(MiniStack::PROGRAM, &mut process, &log, || std::net::TcpStream::connect(&host).is_ok());
        MiniStack { _process: Owned(process), _dir: dir, host }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.host)
    }
}
