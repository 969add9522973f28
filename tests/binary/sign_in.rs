//! Where credentials come from, and what is printed if they cannot be used.

use super::test_env::{Ran, Sandbox, TestEnv};

type Environment = Vec<(String, String)>;

/// The developer's environment; and the same with AWS's configuration files instead of keys.
fn environments(sandbox: &Sandbox, test_env: &TestEnv, config: &str) -> (Environment, Environment) {
    let keys = sandbox.keys("developer");
    let of = |user: &str, name: &str| {
        sandbox.keys(user).into_iter().find(|(n, _)| n == name).map(|(_, value)| value).unwrap()
    };
    let mut credentials = String::new();
    for user in ["developer", "manager"] {
        let (id, secret) = (of(user, "AWS_ACCESS_KEY_ID"), of(user, "AWS_SECRET_ACCESS_KEY"));
        credentials.push_str(&format!("[{user}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"));
    }
    test_env.write("aws/credentials", &credentials);
    test_env.write("aws/config", config);
    let file = |name: &str| test_env.root.path().join("aws").join(name).display().to_string();
    let files = [
        ("AWS_CONFIG_FILE".to_owned(), file("config")),
        ("AWS_SHARED_CREDENTIALS_FILE".to_owned(), file("credentials")),
        ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
    ];
    let both = keys.into_iter().chain(files).collect::<Environment>();
    let without = both.iter().filter(|(name, _)| !name.contains("KEY")).cloned().collect();
    (both, without)
}

fn with(environment: &[(String, String)], name: &str, value: &str) -> Environment {
    let mut environment: Environment = environment.iter().filter(|(n, _)| n != name).cloned().collect();
    environment.push((name.to_owned(), value.to_owned()));
    environment
}

fn planned(test_env: &TestEnv, environment: &[(String, String)]) -> Ran {
    test_env.run(environment, &["plan", "--until", "dev"]).ended(40)
}

#[test]
fn the_files_profile_takes_precedence_over_the_environments_keys() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (both, files) = environments(&sandbox, &test_env, "[profile developer]\nregion = ap-northeast-1\n");
    let as_developer = test_env.run(&both, &["release", "--until", "dev"]).ended(0);
    assert!(as_developer.err.contains("requested by developer"), "{}", as_developer.err);
    test_env.edit("    id: \"111111111111\"\n", "    id: \"111111111111\"\n    profile: manager\n");
    // The manager may not deploy; only the requester is of interest here.
    for environment in [&both, &files] {
        let ran = test_env.run(environment, &["release", "--until", "dev"]);
        assert!(ran.err.contains("requested by manager"), "{}{}", ran.out, ran.err);
    }
    // The environment's keys take precedence over its profile, as with the `aws` command.
    test_env.edit("    profile: manager\n", "");
    let ran = test_env.run(&with(&both, "AWS_PROFILE", "manager"), &["release", "--until", "dev"]).ended(0);
    assert!(ran.err.contains("requested by developer"), "{}", ran.err);
}

#[test]
fn a_missing_profile_is_named_together_with_the_existing_ones() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (both, files) = environments(&sandbox, &test_env, "[profile base]\nregion = ap-northeast-1\n");
    let ran = planned(&test_env, &with(&files, "AWS_PROFILE", "nosuch"));
    ran.on_stderr("there is no profile `nosuch` for account dev").on_stderr("base, developer, manager");
    test_env.edit("    id: \"111111111111\"\n", "    id: \"111111111111\"\n    profile: devloper\n");
    planned(&test_env, &both).on_stderr("there is no profile `devloper` for account dev");
}

#[test]
fn a_profile_that_needs_mfa_or_a_sign_in_is_reported_as_such() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let role = "role_arn = arn:aws:iam::111111111111:role/Deployer\nsource_profile = developer\n";
    let config = format!(
        "[profile mfa]\n{role}mfa_serial = arn:aws:iam::111111111111:mfa/phone\n\
         [profile login]\nlogin_session = arn:aws:iam::111111111111:user/developer\n"
    );
    let (_, files) = environments(&sandbox, &test_env, &config);
    let ran = planned(&test_env, &with(&files, "AWS_PROFILE", "mfa"));
    ran.on_stderr("profile `mfa` needs MFA").on_stderr("credential_process").on_stderr("aws-vault");
    let ran = planned(&test_env, &with(&files, "AWS_PROFILE", "login"));
    assert!(!ran.err.contains("feature"), "{}", ran.err);
    ran.on_stderr("profile `login` is not signed in").on_stderr("aws login --profile login");
}

#[test]
fn a_key_with_a_line_end_is_named_and_never_sent() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let process = r#"credential_process = printf '{"Version":1,"AccessKeyId":"AKIA\\r","SecretAccessKey":"x"}'"#;
    let (both, files) = environments(&sandbox, &test_env, &format!("[profile p]\n{process}\n"));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        for end in ["\n", "\r"] {
            // The SDK itself trims them from a token.
            let more = if name == "AWS_SESSION_TOKEN" { "x" } else { "" };
            let ran = planned(&test_env, &with(&both, name, &format!("AKIASANDBOXDEVELOPER{end}{more}")));
            ran.on_stderr(&format!("{name} contains a line end"));
        }
    }
    let ran = planned(&test_env, &with(&files, "AWS_PROFILE", "p"));
    ran.on_stderr("the access key id of profile `p` contains a line end");
}

#[test]
fn the_authorities_of_aws_ca_bundle_are_read_and_checked() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (both, _) = environments(&sandbox, &test_env, "");
    planned(&test_env, &with(&both, "AWS_CA_BUNDLE", "/no/such/file")).on_stderr("AWS_CA_BUNDLE names /no/such/file");
    test_env.write("ca.pem", "no certificate");
    let bundle = test_env.root.path().join("ca.pem").display().to_string();
    planned(&test_env, &with(&both, "AWS_CA_BUNDLE", &bundle)).on_stderr("contains no PEM certificate");
}
