use crate::model::fault::Problem;
use crate::model::fault::file::FileProblem;
use serde_json::json;

use super::{ADMIN, Repository};
use crate::model::fault::FaultKind;
use crate::model::ids::ServiceName;
use crate::model::pipeline::{FileRef, TaskDefinitionSource};
use crate::pipeline::Loaded;
use crate::pipeline::templates::render;

fn admin(loaded: &Loaded) -> &FileRef {
    match &loaded.pipeline.service(&"admin".parse::<ServiceName>().unwrap()).taskdef {
        TaskDefinitionSource::Template(file) => file,
        TaskDefinitionSource::Live => panic!("admin has a template"),
    }
}

#[test]
fn a_template_gets_the_stages_values_and_kanmons_own() {
    let repository = Repository::new();
    repository.write(
        "deploy/admin.json",
        r#"{ "family": "{{ app }}-{{ stage }}", "cpu": "{{ cpu }}", "containerDefinitions": [{ "name": "admin" }],
             "x": "{{ account.id }}/{{ account.region }}/{{ cluster }}" }"#,
    );
    let loaded = repository.load().unwrap();
    let rendered =
        |i: usize| render(&loaded.root, admin(&loaded), &loaded.pipeline, &loaded.pipeline.stages[i]).unwrap();
    assert_eq!(
        rendered(0),
        json!({ "family": "shop-dev", "cpu": "256", "containerDefinitions": [{ "name": "admin" }],
                "x": "012345678901/ap-northeast-1/shop-dev" })
    );
    assert_eq!(rendered(1)["cpu"], "512");
}

#[test]
fn a_value_never_becomes_structure() {
    let repository = Repository::new();
    repository.write(
        "deploy/dev.yaml",
        "cpu: 'a\", \"privileged\": \"\\yes'\nlist: [1, {a: 'b\"c'}]\nzero: 0123\npoint: 1.10\nnothing: ~\n",
    );
    repository.write("deploy/prod.yaml", "{ cpu: x, list: [], zero: 1, point: 1, nothing: 1 }");
    repository.write(
        "deploy/admin.json",
        &ADMIN.replace("\"cpu\"", "\"l\": {{ list }}, \"n\": {{ nothing }}, \"z\": \"{{ zero }} {{ point }}\", \"t\": {{ cpu | tojson }}, \"cpu\""),
    );
    let loaded = repository.load().unwrap_or_else(|d| panic!("{d}"));
    let rendered = render(&loaded.root, admin(&loaded), &loaded.pipeline, &loaded.pipeline.stages[0]).unwrap();
    assert_eq!(rendered["cpu"], "a\", \"privileged\": \"\\yes");
    assert_eq!(rendered["t"], rendered["cpu"]);
    assert_eq!(rendered["l"], json!([1, { "a": "b\"c" }]));
    assert_eq!(rendered["z"], "0123 1.10");
    assert_eq!(rendered["n"], json!(null));
    assert_eq!(rendered.get("privileged"), None);
}

#[test]
fn templates_and_values_that_changed_after_the_start_are_refused() {
    let repository = Repository::new();
    let loaded = repository.load().unwrap();
    let render = || render(&loaded.root, admin(&loaded), &loaded.pipeline, &loaded.pipeline.stages[0]);

    repository.write("deploy/admin.json", &ADMIN.replace("cpu", "CPU"));
    let fault = render().unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Changed);
    assert!(matches!(&fault.problem, Problem::File(FileProblem::Changed { path, .. }) if path == "deploy/admin.json"));

    repository.write("deploy/admin.json", ADMIN);
    assert!(render().is_ok());
    repository.write("deploy/dev.yaml", "cpu: 1024\n");
    assert_eq!(render().unwrap_err().kind(), FaultKind::Changed);

    std::fs::remove_file(repository.path().join("deploy/dev.yaml")).unwrap();
    assert_eq!(render().unwrap_err().kind(), FaultKind::Changed);
}

#[test]
fn a_template_reaches_no_other_file_and_no_environment() {
    for reach in ["{% include 'deploy/dev.yaml' %}", "{{ env('HOME') }}", "{{ HOME }}", "{% import 'x' as x %}"] {
        let repository = Repository::new();
        repository.write("deploy/admin.json", &ADMIN.replace("{{ cpu }}", reach));
        assert!(repository.load().is_err(), "{reach}");
    }
}

#[test]
fn a_template_that_is_nested_too_deep_is_a_mistake_and_not_a_crash() {
    let nested =
        |open: &str, inner: &str, close: &str, n: usize| format!("{}{inner}{}", open.repeat(n), close.repeat(n));
    let deep = [
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}".to_owned(),
        format!("{{{{ {} }}}}", nested("(", "1", ")", 140)),
        format!("{{{{ {} }}}}", nested("[", "1", "]", 140)),
        format!("{{{{ {} }}}}", nested("(", "1", ")", 5_000)),
        nested("{% if true %}", "1", "{% endif %}", 140),
        format!("{{{{ {}true }}}}", "not ".repeat(5_000)),
        format!("{{{{ {}1 }}}}", "-".repeat(5_000)),
        format!("{{{{ 1{} }}}}", "+1".repeat(5_000)),
        format!("{{{{ cpu{} }}}}", "|string".repeat(5_000)),
    ];
    for template in deep {
        let repository = Repository::new();
        repository.write("deploy/admin.json", &ADMIN.replace("{{ cpu }}", &template));
        // It must return, with a result or mistakes.
        let _ = repository.load();
    }
}
