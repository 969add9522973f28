//! Which login a registry was asked with, or why without one.

use crate::model::registry_login::{EntryFlaw, FileFlaw, HelperProblem, NoLogin, RegistryLogin};

const NO_PASSWORD: &str = "has an identity token, which is not a password: log in with a user and a password or token";

pub fn words(login: &RegistryLogin) -> String {
    match login {
        RegistryLogin::Helper { username, helper } => format!("the login was that of `{username}` from {helper}"),
        RegistryLogin::File { username, file } => format!("the login was that of `{username}` in {file}"),
        RegistryLogin::None { why } => format!("no login was used: {}", none(why)),
    }
}

fn none(why: &NoLogin) -> String {
    match why {
        NoLogin::NoFolder => "neither DOCKER_CONFIG nor HOME is set".to_owned(),
        NoLogin::NoFile { file } => format!("{file} does not exist"),
        NoLogin::FileUnreadable { file, why } => format!("{file} cannot be read: {}", flaw(why)),
        NoLogin::NotInFile { file, host } => format!("{file} has no login for {host}"),
        NoLogin::EntryUnusable { file, key, why } => match why {
            EntryFlaw::IdentityToken => format!("in {file}, `{key}` {NO_PASSWORD}"),
            EntryFlaw::NotEncoded => format!("in {file}, `auth` of `{key}` is not USER:PASSWORD in base64"),
            EntryFlaw::NoUserAndPassword => format!("in {file}, `{key}` has no user and password"),
        },
        NoLogin::Helper { helper, why } => match why {
            HelperProblem::InvalidName => format!("`{helper}` is not a valid name of a credential helper"),
            HelperProblem::NotInPath => format!("{helper} is not in PATH"),
            HelperProblem::NotStarted { said } => format!("{helper} cannot be run: {said}"),
            HelperProblem::TimedOut { seconds } => format!("{helper} did not answer in {seconds} s"),
            HelperProblem::Failed { status } => format!("{helper} failed ({status})"),
            HelperProblem::Refused { said } => format!("{helper} failed: {said}"),
            HelperProblem::HasNone { key } => format!("{helper} has no login for {key}"),
            HelperProblem::NotJson => format!("{helper} did not answer with JSON"),
            HelperProblem::NoUserAndSecret => format!("{helper} answered without a user and a secret"),
            HelperProblem::IdentityToken => format!("{helper} {NO_PASSWORD}"),
        },
    }
}

fn flaw(flaw: &FileFlaw) -> String {
    match flaw {
        FileFlaw::System { said } => said.clone(),
        FileFlaw::NotJson { said } => format!("it is not valid JSON: {said}"),
        FileFlaw::NotAnObject => "it is not a JSON object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_and_the_lack_of_one_are_named_with_where_they_come_from() {
        let used = RegistryLogin::Helper { username: "me".into(), helper: "docker-credential-pass".into() };
        assert_eq!(words(&used), "the login was that of `me` from docker-credential-pass");
        let none = |why| words(&RegistryLogin::None { why });
        let why = FileFlaw::NotJson { said: "trailing comma at line 1 column 14".into() };
        let unreadable = none(NoLogin::FileUnreadable { file: "config.json".into(), why });
        let expected =
            "no login was used: config.json cannot be read: it is not valid JSON: trailing comma at line 1 column 14";
        assert_eq!(unreadable, expected);
        let token = NoLogin::EntryUnusable {
            file: "config.json".into(),
            key: "r.example".into(),
            why: EntryFlaw::IdentityToken,
        };
        assert!(none(token).starts_with("no login was used: in config.json, `r.example` has an identity token"));
        let helper = NoLogin::Helper { helper: "docker-credential-x".into(), why: HelperProblem::NotInPath };
        assert_eq!(none(helper), "no login was used: docker-credential-x is not in PATH");
    }
}
