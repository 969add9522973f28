//! A missing table is never created.

use super::world::{TABLE, World};

#[test]
fn without_its_table_nothing_is_done_and_the_command_to_create_it_is_printed() {
    let Some(world) = World::start("no table", false) else { return };
    let machine = world.machine("developer");
    for verb in [&["release"][..], &["history"], &["approvals"], &["status", "--offline"]] {
        let ended = machine.start(verb).end();
        assert_eq!(ended.status.code(), Some(40), "{verb:?}: {}", ended.err);
        assert!(
            ended.err.contains(&format!("the table for the state, {TABLE}, does not exist in account dev")),
            "{}",
            ended.err
        );
        let make = format!("aws dynamodb create-table --region ap-northeast-1 --table-name {TABLE} ");
        assert!(ended.err.contains(&make), "{}", ended.err);
    }
    assert!(world.moto.call("ListTables", "{}").contains("\"TableNames\": []"), "no table was created");
    assert!(!machine.repo().join(".kanmon").exists());
    // Local state needs no table.
    assert_eq!(machine.run(&["history", "--state", "local"]).status.code(), Some(0));

    let ended = machine.start(&["history", "--state", "dynamodb://dve/kanmon"]).end();
    assert_eq!(ended.status.code(), Some(2), "{}", ended.err);
    assert!(ended.err.contains("no account `dve`") && ended.err.contains("did you mean `dev`?"), "{}", ended.err);
    let ended = machine.start(&["history", "--state", "dynamodb:kanmon"]).end();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.err.contains("is not a valid location for state"), "{}", ended.err);
}
