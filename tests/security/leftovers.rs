//! What a process leaves behind that has no time to clean up, above all logins.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::binary::test_env::{Running, Sandbox, TestEnv};

/// A release with a slow builder that has the login for the push.
struct Building {
    sandbox: Sandbox,
    test_env: TestEnv,
    temporary: tempfile::TempDir,
    tools: tempfile::TempDir,
}

impl Building {
    fn new() -> Building {
        let (sandbox, tools) = (Sandbox::start(), tempfile::tempdir().unwrap());
        let test_env = TestEnv::demo(&sandbox);
        let layers = "    builder: layers
    layers:
      files: { /srv/www: app }
      ports: [8080]
      labels: { org.opencontainers.image.title: hello }
";
        test_env.edit(layers, "    builder: buildah\n    context: .\n");
        test_env.write("Dockerfile", "FROM scratch\nCOPY app/index.html /\n");
        let buildah = tools.path().join("buildah");
        std::fs::write(&buildah, "#!/bin/sh\necho it builds\n[ ! -e \"$0.fails\" ] || exit 1\nexec sleep 5\n").unwrap();
        std::fs::set_permissions(&buildah, PermissionsExt::from_mode(0o755)).unwrap();
        Building { sandbox, test_env, temporary: tempfile::tempdir().unwrap(), tools }
    }

    fn env(&self) -> Vec<(String, String)> {
        let mut env = self.sandbox.keys("developer");
        let path = format!("{}:{}", self.tools.path().display(), std::env::var("PATH").unwrap());
        env.push(("PATH".to_owned(), path));
        env.push(("TMPDIR".to_owned(), self.temporary.path().display().to_string()));
        env
    }

    fn start(&self) -> Running {
        let mut running = self.test_env.start(&self.env(), &["release", "--until", "dev", "-v"]);
        running.says("it builds");
        running
    }

    fn left(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.temporary.path()).unwrap().map(|e| e.unwrap().path()).collect()
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn two_signals_leave_no_login_behind() {
    let building = Building::new();
    let mut running = building.start();
    let [folder] = &building.left()[..] else { panic!("{:?}", building.left()) };
    assert_eq!((mode(folder), mode(&folder.join("auth.json"))), (0o700, 0o600));
    running.signal("INT");
    running.says("press Ctrl-C again to quit immediately");
    running.signal("INT");
    running.end().ended(30);
    assert_eq!(building.left(), Vec::<PathBuf>::new());
}

#[test]
fn the_logins_of_a_killed_process_are_swept_by_the_next() {
    let building = Building::new();
    let running = building.start();
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    let [folder] = &building.left()[..] else { panic!("{:?}", building.left()) };
    assert!(folder.join("auth.json").exists(), "nothing was left");
    // The state some minutes later.
    let earlier = SystemTime::now() - Duration::from_secs(300);
    std::fs::File::open(folder).unwrap().set_modified(earlier).unwrap();
    std::fs::write(building.tools.path().join("buildah.fails"), "").unwrap();
    building.test_env.run(&building.env(), &["release", "--until", "dev"]).ended(3);
    assert_eq!(building.left(), Vec::<PathBuf>::new());
}
