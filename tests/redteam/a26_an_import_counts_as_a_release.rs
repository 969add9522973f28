//! A record from a file, with an id of the far future: if it counted as this store's own, it would make every later release "overtaken", or
//! could be resumed. An imported record can only be read.

use super::world::{BOTH, World};

#[test]
fn an_imported_record_is_history_and_overtakes_nothing() {
    for topology in BOTH {
        let world = World::new(topology);
        let mut forged = world.record(&world.honest());
        forged.release = "r29991231-235959-ffffff".to_owned();
        let id = forged.release.clone();
        let file = world.developer().test_env.root.path().join("record.jsonl");
        std::fs::write(&file, forged.file()).unwrap();
        world.developer().run(&["import", "record.jsonl"]).ended(0).says("is imported with");
        std::fs::remove_file(&file).unwrap();

        world.manager().run(&["history", &id]).ended(0).says(&format!("{id} was imported at "));
        world.manager().run(&["history"]).ended(0).says("imported");
        let before = world.sandbox.changes().len();
        let verbs: [&[&str]; 6] = [
            &["promote", &id, "--to", "prod"],
            &["resume", &id],
            &["abort", &id],
            &["approve", &id, "--plan", "0123456789abcdef"],
            &["reject", &id, "--plan", "0123456789abcdef"],
            &["withdraw", &id],
        ];
        for verb in verbs {
            world.promoter().run(verb).ended(2).on_stderr(&format!("{id} is a record of another store, imported at "));
        }
        assert_eq!(world.sandbox.changes().len(), before, "{topology:?}");
        // The control: this store's next release is not overtaken.
        world.developer().test_env.write("app/index.html", "<title>next</title>");
        let next = world.honest();
        assert_eq!(world.in_production(), world.digest(&next), "{topology:?}");
    }
}

#[test]
fn an_import_that_never_ends_is_refused() {
    let world = World::new(BOTH[0]);
    world.developer().run(&["import", "/dev/zero"]).ended(2).on_stderr("is larger than 16 MiB");
}

#[test]
fn an_imported_record_is_credited_with_nothing() {
    let world = World::new(BOTH[1]);
    let own = world.honest();
    let mut forged = world.record(&own);
    forged.release = "r29991231-235959-ffffff".to_owned();
    let theirs = "e".repeat(40);
    forged.edit("started", |started| started["source"]["commit"] = serde_json::json!(theirs));
    let test_env = world.developer().test_env;
    let file = test_env.root.path().join("record.jsonl");
    std::fs::write(&file, forged.file()).unwrap();
    world.developer().run(&["import", "record.jsonl"]).ended(0);
    std::fs::remove_file(&file).unwrap();

    let status = world.manager().run(&["status", "--output", "json"]).ended(0).json();
    let services = status[0]["services"].as_array().unwrap();
    let prod = services.iter().find(|s| s["stage"] == "prod").unwrap();
    assert_eq!(prod["live"]["release"], own, "{prod}");
    assert_eq!(prod["last_good"], own, "{prod}");

    // An image given with `--image` has the commit of the release that built it here.
    let given = format!("app={}", world.digest(&own));
    let ran = world.developer().run(&["release", "--until", "staging", "--image", &given]).ended(0);
    let commit =
        &world.record(&crate::binary::test_env::release_in(&ran.out)).fact("image-built")["origin"]["commit"].clone();
    assert_eq!(commit["source"], serde_json::json!({ "release": own }), "{commit}");
    assert_eq!(commit["commit"], world.record(&own).fact("started")["source"]["commit"], "{commit}");
}
