use super::*;
use crate::sandbox::World;
use crate::sandbox::latency::Latency;

fn apply(text: &str) -> Result<(), SeedError> {
    let seed = Seed::read(text)?;
    World::new(&seed, Latency::REAL, "2026-01-31T09:45:00Z".parse().unwrap()).map(drop)
}

const SMALL: &str = "
version: 1
region: ap-northeast-1
accounts:
  - id: '111111111111'
    name: dev
    users:
      - { name: taro, key: { id: AKIAAAAAAAAAAAAAAAAA, secret: s } }
    repositories: [{ name: app }]
";

#[test]
fn the_built_in_seed_makes_a_world() {
    let seed = Seed::demo();
    let names: Vec<_> =
        crate::sandbox::exports::users(&seed).map(|(a, u)| (a.name.as_str(), u.name.as_str())).collect();
    assert_eq!(names, [("dev", "developer"), ("dev", "manager")]);
    World::new(&seed, Latency::REAL, "2026-01-31T09:45:00Z".parse().unwrap()).map(drop).unwrap();
}

#[test]
fn a_small_seed_is_enough_and_unknown_keys_are_reported_with_their_line() {
    apply(SMALL).unwrap();
    let e = apply(&SMALL.replace("    name: dev", "    nmae: dev")).unwrap_err().to_string();
    assert!(e.contains("nmae") && e.contains("line 6"), "{e}");
}

#[test]
fn an_invalid_seed_is_reported_with_its_position() {
    let cases = [
        ("version: 1", "version: 2", "version: 2 is not known"),
        (
            "secret: s } }",
            "secret: s }, policies: [{ Statement: [{ Effect: Allow }] }] }",
            "dev: user taro: Action or NotAction",
        ),
        ("AKIAAAAAAAAAAAAAAAAA", "short", "dev: user taro: an access key id"),
        ("secret: s } }", "secret: s, token: t } }", "dev: user taro: session_of and the key's token go together"),
        ("secret: s } }", "secret: s, token: t }, session_of: sso }", "dev: user taro: the account has no role sso"),
        (
            "region: ap-northeast-1\n",
            "region: ap-northeast-1\naddresses: { a.example: { account: '111111111111', cluster: c, service: s, status: 99 } }\n",
            "addresses: a.example: status is 200 to 599",
        ),
        ("    name: dev", "    name: dev\n    registry: { scan: DEEP, frequency: MANUAL }", "dev: registry: scan is"),
        (
            "[{ name: app }]",
            "[{ name: app }]\ninspector: [{ findings: 'AWFUL:1' }]",
            "inspector[0]: `AWFUL` is not a severity",
        ),
    ];
    for (from, to, expected) in cases {
        let e = apply(&SMALL.replace(from, to)).unwrap_err().to_string();
        assert!(e.contains(expected), "{e}");
    }
}
