//! Images of files: what goes in, and what never does.

use super::rig::{Desk, Sandbox};

#[test]
fn what_the_ignore_file_names_and_git_stay_out_of_an_image_and_that_is_said() {
    let sandbox = Sandbox::start();
    let desk = Desk::demo(&sandbox);
    desk.edit("files: { /srv/www: app }", "files: [{ from: app, to: /srv/www }, { from: ., to: /src }]");
    desk.write(".dockerignore", "**/.env\n");
    desk.write("app/.env", "DB_PASSWORD=example\n");
    desk.write(".npmrc", "//registry.example/:_authToken=example\n");
    desk.commit();
    let ran = desk.run(&sandbox.keys("developer"), &["-v", "release", "--until", "dev"]).ended(0);
    ran.told("left out of the image: app/.env")
        .told("left out of the image: .git, .kanmon, app/.env")
        .told("names that often hold secrets go into the image: .npmrc");
}

#[test]
fn a_source_that_the_ignore_file_excludes_is_a_mistake_before_anything_is_sent() {
    let sandbox = Sandbox::start();
    let desk = Desk::demo(&sandbox);
    desk.write(".dockerignore", "app\n");
    desk.commit();
    let ran = desk.run(&sandbox.keys("developer"), &["release"]).ended(3);
    assert!(ran.out.contains("`app` is excluded by .dockerignore"), "{}", ran.out);
    assert!(ran.out.contains("add a line `!app` to it"), "{}", ran.out);
    assert!(sandbox.changes().is_empty(), "{:?}", sandbox.changes());
}
