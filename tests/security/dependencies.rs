//! kanmon's dependencies: their licences allow distribution, they come from one registry, and they have no known vulnerability.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Licences that require at most a notice, and allow the distribution of a binary.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // For data only: the root certificates.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// All packages in Cargo.lock, for all systems.
fn packages() -> Vec<Value> {
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let mut metadata: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let Value::Array(packages) = metadata["packages"].take() else { panic!("no packages") };
    assert!(packages.len() > 100, "{} packages", packages.len());
    packages
}

fn name(package: &Value) -> String {
    format!("{} {}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap())
}

/// Whether these licences satisfy an SPDX expression: `OR` is a choice, `AND` is not.
fn is_allowed(expression: &str) -> bool {
    // Cargo's old syntax.
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    any(&words, &mut at) && at == words.len()
}

fn any(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = all(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        allowed |= all(words, at);
    }
    allowed
}

fn all(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        allowed &= one(words, at);
    }
    allowed
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word == "(" {
        let allowed = any(words, at);
        *at += 1;
        return allowed;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return ALLOWED.contains(&format!("{word} WITH {exception}").as_str());
    }
    ALLOWED.contains(&word)
}

#[test]
fn a_licence_expression_is_read_correctly() {
    for allowed in [
        "MIT",
        "MIT OR GPL-3.0-only",
        "MIT/GPL-2.0",
        "(GPL-3.0-only OR MIT) AND ISC",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0-only",
        "GPL-3.0-only AND MIT OR ISC",
    ] {
        assert!(is_allowed(allowed), "{allowed}");
    }
    for refused in [
        "",
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "MIT AND (AGPL-3.0 OR GPL-3.0-only)",
        "GPL-2.0 WITH Classpath-exception-2.0",
    ] {
        assert!(!is_allowed(refused), "{refused}");
    }
}

#[test]
fn every_crate_has_a_licence_that_allows_distribution() {
    let refused: Vec<String> = packages()
        .iter()
        .filter(|p| !p["license"].as_str().is_some_and(is_allowed))
        .map(|p| format!("{}: {}", name(p), p["license"]))
        .collect();
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn every_crate_comes_from_the_registry_with_its_checksum() {
    let elsewhere: Vec<String> = packages()
        .iter()
        .filter(|p| p["name"] != "kanmon" && p["source"] != REGISTRY)
        .map(|p| format!("{}: {}", name(p), p["source"]))
        .collect();
    assert_eq!(elsewhere, Vec::<String>::new());
    let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let unsure: BTreeSet<&str> = lock
        .split("[[package]]")
        .skip(1)
        .filter(|p| p.contains("source = ") && !p.contains("\nchecksum = \""))
        .map(|p| p.trim().lines().next().unwrap())
        .collect();
    assert_eq!(unsure, BTreeSet::new());
}

/// The part of an advisory of the RustSec database that says which versions are affected.
struct Advisory {
    id: String,
    /// Versions that are safe, as Cargo's requirements.
    safe: Vec<semver::VersionReq>,
    withdrawn: bool,
}

impl Advisory {
    /// Reads the TOML at the beginning of a file.
    fn read(text: &str) -> Advisory {
        let head =
            text.split("```toml").nth(1).and_then(|t| t.split("```").next()).expect("an advisory begins with TOML");
        let line = |key: &str| head.lines().find_map(|l| l.strip_prefix(key)?.trim_start().strip_prefix('='));
        let mut safe = Vec::new();
        for key in ["patched", "unaffected"] {
            let Some(start) = head.find(&format!("\n{key} =")).or_else(|| head.find(&format!("\n{key}="))) else {
                continue;
            };
            let list = head[start..].split_once('[').and_then(|(_, rest)| rest.split_once(']')).expect("a list").0;
            safe.extend(list.split('"').skip(1).step_by(2).map(|r| r.parse().expect("a requirement")));
        }
        let id = line("id").expect("an id").trim().trim_matches('"').to_owned();
        Advisory { id, safe, withdrawn: line("withdrawn").is_some() }
    }

    fn concerns(&self, version: &semver::Version) -> bool {
        !self.withdrawn && !self.safe.iter().any(|r| r.matches(version))
    }
}

#[test]
fn an_advisory_concerns_the_versions_that_it_does_not_call_safe() {
    let text = "```toml\n[advisory]\nid = \"RUSTSEC-2020-0001\"\npackage = \"x\"\n\n[versions]\npatched = [\"^0.9.4\", \">= 1.2.3\"]\nunaffected = [\"< 0.5.0\"]\n```\n# A hole\n";
    let advisory = Advisory::read(text);
    assert_eq!(advisory.id, "RUSTSEC-2020-0001");
    let concerns = |advisory: &Advisory, v: &str| advisory.concerns(&v.parse().unwrap());
    for (version, concerned) in [("0.4.9", false), ("0.5.0", true), ("0.9.4", false), ("1.2.2", true), ("1.2.3", false)]
    {
        assert_eq!(concerns(&advisory, version), concerned, "{version}");
    }
    let withdrawn = Advisory::read(&text.replace("package", "withdrawn = \"2021-01-01\"\npackage"));
    assert!(!concerns(&withdrawn, "1.0.0"));
    let unpatched = Advisory::read(&text.replace("[\"^0.9.4\", \">= 1.2.3\"]", "[]"));
    assert!(concerns(&unpatched, "9.0.0"));
}

#[test]
fn no_crate_has_a_known_vulnerability() {
    // `tests/run` downloads the database if its server can be reached; a test connects to loopback only.
    let Some(folder) = std::env::var_os("KANMON_ADVISORIES") else {
        return crate::real::end_to_end::print_line(
            "advisories not looked at: no copy of the RustSec database is here",
        );
    };
    let (mut checked, mut found) = (0, Vec::new());
    for package in packages() {
        let folder = Path::new(&folder).join("crates").join(package["name"].as_str().unwrap());
        let Ok(files) = std::fs::read_dir(folder) else { continue };
        let version: semver::Version = package["version"].as_str().unwrap().parse().unwrap();
        for file in files {
            let advisory = Advisory::read(&std::fs::read_to_string(file.unwrap().path()).unwrap());
            checked += 1;
            if advisory.concerns(&version) {
                found.push(format!("{}: {}", name(&package), advisory.id));
            }
        }
    }
    crate::real::end_to_end::print_line(&format!("{checked} advisories looked at"));
    assert!(checked > 0, "the database has none of these crates");
    assert_eq!(found, Vec::<String>::new());
}
