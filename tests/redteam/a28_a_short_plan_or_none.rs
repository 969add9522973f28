//! A plan that is named by a few digits can be forged: somebody who can try many plans finds another one with the same first digits. And
//! `--yes` without a plan would approve whatever waits at that moment.

use super::world::{BOTH, World};

#[test]
fn a_short_prefix_of_a_plan_is_refused_and_so_is_yes_without_a_plan() {
    for topology in BOTH {
        let world = World::new(topology);
        let release = world.prepared();
        let running = world.waits(&release);
        let plan = world.plan(&release);
        for digits in [8, 12, 15] {
            let ran = world.manager().run(&["approve", &release, "--plan", &plan[..digits]]).ended(2);
            ran.on_stderr("too short to identify a plan").on_stderr("at least 16 digits");
        }
        world.manager().run(&["approve", &release]).ended(2).on_stderr("without a terminal").on_stderr("--plan ");
        let yes = ["approve", &release, "--yes"];
        world.manager().run(&yes).ended(2).on_stderr("`approve --yes` needs `--plan`");
        // Nor on a terminal, where the request would scroll past.
        let ran = world.manager().start_on_terminal(&yes).end().ended(2);
        assert!(ran.out.contains("`approve --yes` needs `--plan`"), "{}", ran.out);
        world.production_is_untouched();
        // The control: as many digits as every approval request shows.
        let request = world.manager().run(&["approvals"]).ended(0);
        let command = format!("kanmon approve {release} --plan {}", &plan[..16]);
        assert!(request.out.lines().any(|line| line.trim() == command), "{}", request.out);
        world.manager().run(&["approve", &release, "--plan", &plan[..16]]).ended(0);
        running.end().ended(0);
    }
}
