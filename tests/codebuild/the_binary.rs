//! A build whose image has no kanmon gets it from a bucket, and runs only the binary with the pinned hash.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use sha2::{Digest as _, Sha256};

use super::container::{Built, Container};
use super::world::{image, template};

const BINARY: &str = "#!/bin/sh\necho \"kanmon from the bucket: $*\"\n";
/// The part of the `aws` command that the build uses.
const AWS: &str =
    "#!/bin/sh\n[ \"$1 $2 $3\" = 's3 cp s3://tools/kanmon' ] && cat \"$(dirname \"$0\")/in-the-bucket\" >\"$4\"\n";

fn built(shell: &str, sha256: &str) -> Built {
    let dir = tempfile::tempdir().unwrap();
    let programs = image(&["dirname"]);
    std::fs::write(programs.path().join("aws"), AWS).unwrap();
    std::fs::set_permissions(programs.path().join("aws"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(programs.path().join("in-the-bucket"), BINARY).unwrap();
    let [sources, own] = ["sources", "own"].map(|name| dir.path().join(name));
    std::fs::create_dir(&sources).unwrap();
    std::fs::create_dir(&own).unwrap();
    let variables = [("KANMON_STEP", "prepare"), ("KANMON_BINARY", "s3://tools/kanmon"), ("KANMON_SHA256", sha256)];
    let variables: BTreeMap<String, String> = variables.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    template().in_shell(shell).run(&Container { sources, own, programs: programs.path().to_owned(), variables })
}

#[test]
fn the_binary_from_a_bucket_is_used_if_its_hash_is_the_pinned_one() {
    for shell in ["sh", "bash"] {
        let built = built(shell, &hex::encode(Sha256::digest(BINARY)));
        assert!(built.succeeded, "{shell}: {}", built.log);
        assert!(built.log.contains("kanmon from the bucket: --version"), "{}", built.log);
        assert!(built.log.contains("kanmon from the bucket: release --until=staging --env-file="), "{}", built.log);
    }
}

#[test]
fn a_binary_with_another_hash_is_never_run() {
    for pinned in [hex::encode(Sha256::digest("another")), String::new()] {
        let built = built("sh", &pinned);
        assert!(matches!(built.phases[..], [("install", Some(_))]), "{built:?}");
        assert!(!built.log.contains("kanmon from the bucket"), "{}", built.log);
    }
}

#[test]
fn without_kanmon_the_install_phase_fails() {
    let dir = tempfile::tempdir().unwrap();
    let programs = image(&[]);
    let [sources, own] = ["sources", "own"].map(|name| dir.path().join(name));
    std::fs::create_dir(&sources).unwrap();
    std::fs::create_dir(&own).unwrap();
    let variables = BTreeMap::new();
    let built = template().run(&Container { sources, own, programs: programs.path().to_owned(), variables });
    assert_eq!(built.phases, [("install", Some(127))], "{}", built.log);
}
