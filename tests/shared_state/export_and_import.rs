//! A release in a local store is exported to a file, and read from the table that imports it.

use super::world::World;

#[test]
fn a_release_is_exported_from_a_disk_and_imported_into_a_table() {
    let Some(world) = World::start("export and import", true) else { return };
    let (build, other) = (world.machine("developer"), world.machine("developer"));
    let ended = build.start(&["release", "--until", "dev", "--state", "local", "--output", "json"]).end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    let history = build.json(&["history", "--state", "local"]);
    let release = history["releases"][0]["release"].as_str().unwrap().to_owned();

    let exported = build.run(&["export", &release, "--state", "local"]);
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let file = other.repo().join("record.jsonl");
    std::fs::write(&file, &exported.stdout).unwrap();
    assert_eq!(other.json(&["history"])["releases"].as_array().unwrap().len(), 0);
    for new in [true, false] {
        let output = other.json(&["import", "record.jsonl"]);
        assert_eq!((&output["release"], &output["new"]), (&release.as_str().into(), &new.into()));
    }
    let output = other.lines(&["history", &release]);
    assert_eq!((&output[0]["kind"], &output[0]["release"]), (&"record-imported".into(), &release.as_str().into()));
    assert!(output[0]["by"].as_str().is_some_and(|by| by.contains("pid ")), "{}", output[0]);
    assert_eq!(output[1..], build.lines(&["history", &release, "--state", "local"]));
    let back = other.run(&["export", &release]);
    assert_eq!(back.stdout, exported.stdout, "byte for byte the same from the other store");

    // The same file with one changed word.
    let text = String::from_utf8(exported.stdout).unwrap();
    let forged = text.replace("\"until\":\"dev\"", "\"until\":\"prod\"");
    assert_ne!(forged, text);
    std::fs::write(&file, forged).unwrap();
    let refused = build.start(&["import", &file.display().to_string()]).end();
    assert_eq!(refused.status.code(), Some(2), "{}", refused.err);
    assert!(refused.err.contains("does not match its hash"), "{}", refused.err);

    // The imported record can only be read; the release continues in its own store.
    let refused = other.start(&["promote", &release, "--to", "staging"]).end();
    assert_eq!(refused.status.code(), Some(2), "{}", refused.err);
    assert!(refused.err.contains("is a record of another store, imported at "), "{}", refused.err);
    let ended = build.start(&["promote", &release, "--to", "staging", "--state", "local"]).end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    let longer = build.run(&["export", &release, "--state", "local"]).stdout;
    std::fs::write(&file, longer).unwrap();
    let refused = other.start(&["import", &file.display().to_string()]).end();
    assert_eq!(refused.status.code(), Some(2), "{}", refused.err);
    assert!(refused.err.contains("this record has events up to"), "{}", refused.err);
    // The first import has not changed.
    std::fs::write(&file, &text).unwrap();
    assert_eq!(other.json(&["import", "record.jsonl"])["new"], false);
}
