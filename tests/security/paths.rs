//! What a pipeline file and its templates can read: only the repository's files that they name.

use std::os::unix::fs::symlink;

use crate::binary::test_env::{Sandbox, TestEnv};

/// A secret outside the repository, and a repository whose files try to read it.
struct OutsideSecret {
    test_env: TestEnv,
    folder: tempfile::TempDir,
    _sandbox: Sandbox,
}

const HIDDEN: &str = "what-nobody-gave-the-repository";

impl OutsideSecret {
    fn new() -> OutsideSecret {
        let sandbox = Sandbox::start();
        let test_env = TestEnv::demo(&sandbox);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), HIDDEN).unwrap();
        std::fs::write(folder.path().join("web.json"), "{}").unwrap();
        std::fs::write(folder.path().join("Dockerfile"), "FROM scratch\n").unwrap();
        symlink(folder.path(), test_env.root.path().join("far")).unwrap();
        symlink(folder.path().join("file"), test_env.root.path().join("app/link")).unwrap();
        symlink(folder.path().join("web.json"), test_env.root.path().join("deploy/link.json")).unwrap();
        OutsideSecret { test_env, folder, _sandbox: sandbox }
    }

    /// Asserts that the pipeline file with one replaced text is refused offline, before anything is read.
    #[track_caller]
    fn refused(&self, from: &str, to: &str, words: &str) {
        let file = self.test_env.root.path().join("pipelines/hello.yaml");
        let whole = std::fs::read_to_string(&file).unwrap();
        assert!(whole.contains(from), "the pipeline file does not contain `{from}`");
        std::fs::write(&file, whole.replacen(from, to, 1)).unwrap();
        let ran = self.test_env.run(&[("HIDDEN".to_owned(), HIDDEN.to_owned())], &["check"]).ended(2);
        assert!(ran.err.contains(words), "`{to}` is not refused with `{words}`:\n{}", ran.err);
        assert!(!format!("{ran:?}").contains(HIDDEN), "{ran:?}");
        std::fs::write(&file, whole).unwrap();
    }
}

#[test]
fn no_path_of_a_pipeline_file_leaves_the_repository() {
    let outside = OutsideSecret::new();
    let folder = outside.folder.path().display().to_string();
    let places = [
        // The members with a path, and their text with PATH for the path.
        ("taskdef: deploy/web.json", "taskdef: PATH"),
        ("values: deploy/dev.yaml", "values: PATH"),
        ("files: { /srv/www: app }", "files: { /srv/www: PATH }"),
        (
            "builder: layers\n    layers:\n      files: { /srv/www: app }\n      ports: [8080]\n      labels: { org.opencontainers.image.title: hello }",
            "context: PATH",
        ),
        (
            "builder: layers\n    layers:\n      files: { /srv/www: app }\n      ports: [8080]\n      labels: { org.opencontainers.image.title: hello }",
            "context: .\n    file: PATH",
        ),
    ];
    for (from, to) in places {
        for (path, words) in [
            ("../outside", "is outside the repository"),
            ("deploy/../../outside", "is outside the repository"),
            ("/etc/passwd", "is outside the repository"),
            (folder.as_str(), "is outside the repository"),
            ("far", "is outside the repository: a symbolic link leads there"),
            ("far/file", "is outside the repository: a symbolic link leads there"),
            ("app/../far/web.json", "is outside the repository: a symbolic link leads there"),
        ] {
            outside.refused(from, &to.replace("PATH", path), words);
        }
    }
    outside.refused(
        "taskdef: deploy/web.json",
        "taskdef: deploy/link.json",
        "is outside the repository: a symbolic link leads there",
    );
    outside.refused(
        "/srv/www: app }",
        "/srv/www: app/link }",
        "is outside the repository: a symbolic link leads there",
    );
    outside.refused("/srv/www: app }", "/srv/../../www: app }", "is not an absolute path in the image");
}

#[test]
fn a_link_that_leads_out_is_included_in_no_image() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), HIDDEN).unwrap();
    symlink(folder.path().join("file"), test_env.root.path().join("app/link")).unwrap();
    let ran = test_env.run(&sandbox.keys("developer"), &["release", "--until", "dev"]).ended(3);
    assert!(ran.out.contains("app/link leads out of its folder"), "{}{}", ran.out, ran.err);
    assert_eq!(sandbox.done("PutImage").len(), 0);
}

#[test]
fn a_link_that_is_created_after_the_file_was_read_is_not_followed() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let folder = tempfile::tempdir().unwrap();
    let developer = sandbox.keys("developer");
    let id =
        crate::binary::test_env::release_in(&test_env.run(&developer, &["release", "--until", "dev"]).ended(0).out);
    // The same bytes, so that only the path to them differs.
    let template = test_env.root.path().join("deploy/web.json");
    let moved = folder.path().join("web.json");
    std::fs::copy(&template, &moved).unwrap();
    std::fs::remove_file(&template).unwrap();
    symlink(&moved, &template).unwrap();
    let ran = test_env.run(&developer, &["promote", &id, "--to", "staging"]);
    assert!(ran.code != Some(0), "{ran:?}");
    let said = format!("{}{}", ran.out, ran.err);
    assert!(said.contains("is outside the repository: a symbolic link leads there"), "{said}");
    assert_eq!(sandbox.done("UpdateService").len(), 1, "staging was changed");
}

#[test]
fn a_template_reads_no_file_no_environment_and_no_values_but_its_own() {
    let outside = OutsideSecret::new();
    let template = std::fs::read_to_string(outside.test_env.root.path().join("deploy/web.json")).unwrap();
    let hidden = outside.folder.path().join("file").display().to_string();
    let try_it = |expression: &str| {
        outside.test_env.write("deploy/web.json", &template.replace("{{ memory }}", expression));
        let ran = outside.test_env.run(&[("HIDDEN".to_owned(), HIDDEN.to_owned())], &["check"]).ended(2);
        assert!(ran.err.contains("deploy/web.json:"), "`{expression}`: {}", ran.err);
        assert!(!format!("{ran:?}").contains(HIDDEN), "`{expression}`: {ran:?}");
    };
    for expression in [
        format!("{{% include '{hidden}' %}}"),
        "{% include 'deploy/dev.yaml' %}".to_owned(),
        "{% include 'far/file' %}".to_owned(),
        format!("{{% extends '{hidden}' %}}"),
        "{% import 'far/file' as far %}{{ far }}".to_owned(),
        "{% from 'far/file' import far %}{{ far }}".to_owned(),
        "{{ env.HIDDEN }}".to_owned(),
        "{{ env('HIDDEN') }}".to_owned(),
        "{{ environ.HIDDEN }}".to_owned(),
        "{{ getenv('HIDDEN') }}".to_owned(),
        "{{ os.environ.HIDDEN }}".to_owned(),
        "{{ 'HIDDEN' | env }}".to_owned(),
        format!("{{{{ '{hidden}' | read_file }}}}"),
        format!("{{{{ open('{hidden}') }}}}"),
        "{{ debug() }}".to_owned(),
        "{{ self }}".to_owned(),
        "{{ ''.__class__ }}".to_owned(),
    ] {
        try_it(&expression);
    }
}

#[test]
fn a_value_never_changes_the_structure_of_a_template() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let template = std::fs::read_to_string(test_env.root.path().join("deploy/web.json")).unwrap();
    test_env.write("deploy/web.json", &template.replace("\"{{ stage }}\"", "\"{{ evil }}\""));
    let evil = r#"x"}], "privileged": true, "command": ["{{ memory }}"#;
    for stage in ["dev", "staging", "prod"] {
        let file = format!("deploy/{stage}.yaml");
        let values = std::fs::read_to_string(test_env.root.path().join(&file)).unwrap();
        test_env.write(&file, &format!("{values}evil: '{evil}'\n"));
    }
    test_env.run(&sandbox.keys("developer"), &["release", "--until", "dev"]).ended(0);
    let registered = sandbox.done("RegisterTaskDefinition");
    let container = &registered[0]["input"]["containerDefinitions"][0];
    let names: Vec<&String> = container.as_object().unwrap().keys().collect();
    assert_eq!(container["environment"].as_array().unwrap().len(), 1, "{names:?}");
    assert!(container.get("privileged").is_none() && container.get("command").is_none(), "{container}");
}

#[test]
fn a_template_that_never_ends_or_grows_beyond_bounds_is_ended() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let template = std::fs::read_to_string(test_env.root.path().join("deploy/web.json")).unwrap();
    let loops = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}1{% endfor %}{% endfor %}{% endfor %}";
    test_env.write("deploy/web.json", &template.replace("{{ memory }}", loops));
    let ran = test_env.run(&[], &["check"]).ended(2);
    assert!(ran.err.contains("deploy/web.json:"), "{}", ran.err);
}
