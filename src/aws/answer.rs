//! Whether an answer is AWS's. A proxy, a captive portal or a gateway may answer instead, with any status. Its answer counts as no answer:
//! it does not mean "not allowed", "not found" or success.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::{Map, Value};

use super::operations::Operation;
use crate::model::fault::call::NotFromAws;

/// Why an answer is not taken for AWS's, as an error that the SDK carries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?}")]
pub(super) struct Foreign(pub NotFromAws);

/// Replaces each answer that is not AWS's by "no answer", at each attempt, so that the SDK's own retries see that too.
#[derive(Debug)]
pub(super) struct OnlyFromAws;

#[dyn_dispatch_hint]
impl Intercept for OnlyFromAws {
    fn name(&self) -> &'static str {
        "OnlyFromAws"
    }

    fn modify_before_attempt_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A call that failed before its answer came has its own reason.
        let answered = match context.output_or_error() {
            Some(Ok(_)) => true,
            Some(Err(error)) => error.is_operation_error(),
            None => false,
        };
        let operation = config.load::<Metadata>().map(Metadata::name).unwrap_or_default();
        let judged = context.response().filter(|_| answered).map(|answer| judge(operation, answer));
        if let (Some(Err(foreign)), Some(outcome)) = (judged, context.output_or_error_mut()) {
            *outcome = Err(OrchestratorError::response(foreign.into()));
        }
        Ok(())
    }
}

/// # Errors
/// Why this is not AWS's answer to this operation.
fn judge(operation: &str, answer: &HttpResponse) -> Result<(), Foreign> {
    let foreign = |why| Err(Foreign(why));
    let header = |name| answer.headers().get(name).unwrap_or_default();
    let body = answer.body().bytes().unwrap_or_default();
    let content = header("content-type");
    let status = answer.status().as_u16();
    let form = if content.contains("xml") {
        Form::Xml(String::from_utf8_lossy(body).into_owned())
    } else if content.contains("json") {
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => Form::Json(object),
            Ok(_) | Err(_) => return foreign(NotFromAws::BodyNotAnObject),
        }
    } else {
        return foreign(NotFromAws::ContentType { content_type: content.to_owned() });
    };
    // Every service sends it, with errors too (botocore reads it there for each protocol); a proxy's JSON error has a code, and not this.
    let has_id = ["x-amzn-requestid", "x-amz-request-id"].iter().any(|name| !header(name).is_empty());
    match status {
        200..=299 => match form {
            Form::Xml(text) if text.contains(&format!("<{operation}Response")) => Ok(()),
            Form::Xml(_) => foreign(NotFromAws::OtherOperation),
            Form::Json(object) => match Operation::named(operation).map(Operation::members).unwrap_or_default() {
                [] if has_id => Ok(()),
                [] => foreign(NotFromAws::NoRequestId),
                members if members.iter().any(|m| object.get(*m).is_some_and(|v| !v.is_null())) => Ok(()),
                members => foreign(NotFromAws::NoMember { members: members.iter().map(|&m| m.to_owned()).collect() }),
            },
        },
        400.. => match form {
            Form::Xml(text) if !text.contains("<Code>") => foreign(NotFromAws::ErrorWithoutCode),
            Form::Xml(text) if has_id || text.contains("<RequestId>") => Ok(()),
            Form::Json(object) if !has_code(&object) && header("x-amzn-errortype").is_empty() => {
                foreign(NotFromAws::ErrorWithoutCode)
            }
            Form::Json(_) if has_id => Ok(()),
            Form::Xml(_) | Form::Json(_) => foreign(NotFromAws::ErrorWithoutRequestId),
        },
        _ => foreign(NotFromAws::Redirect),
    }
}

/// What a body is written in.
enum Form {
    Xml(String),
    Json(Map<String, Value>),
}

/// Where the JSON protocols put an error's code; the older ones have it as `code`.
fn has_code(object: &Map<String, Value>) -> bool {
    ["__type", "code", "Code"].iter().any(|member| object.get(*member).is_some_and(Value::is_string))
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;
    use rstest::rstest;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> HttpResponse {
        let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        for (name, value) in headers {
            answer.headers_mut().insert(*name, *value);
        }
        answer
    }

    const HTML: &[(&str, &str)] = &[("content-type", "text/html")];
    const BARE: &[(&str, &str)] = &[("content-type", "application/x-amz-json-1.1")];
    const JSON: &[(&str, &str)] = &[("content-type", "application/x-amz-json-1.1"), ("x-amzn-requestid", "r")];
    const REST: &[(&str, &str)] =
        &[("content-type", "application/json"), ("x-amzn-requestid", "r"), ("x-amzn-errortype", "X")];
    const XML: &[(&str, &str)] = &[("content-type", "text/xml")];

    #[rstest]
    #[case::success("ListTasks", 200, JSON, r#"{"taskArns":[]}"#)]
    #[case::success_of_an_emulator("ListTasks", 200, BARE, r#"{"taskArns":[]}"#)]
    #[case::nothing_to_say("PutItem", 200, JSON, "{}")]
    #[case::error("ListTasks", 400, JSON, r#"{"__type":"ClusterNotFoundException"}"#)]
    #[case::error_by_header("ListFindings", 403, REST, r#"{"message":"no"}"#)]
    #[case::sts("GetCallerIdentity", 200, XML, "<GetCallerIdentityResponse xmlns=\"x\">")]
    #[case::sts_error(
        "AssumeRole",
        403,
        XML,
        "<ErrorResponse><Error><Code>AccessDenied</Code></Error><RequestId>r</RequestId></ErrorResponse>"
    )]
    #[case::sts_error_with_its_id_in_the_header(
        "AssumeRole",
        403,
        &[("content-type", "text/xml"), ("x-amz-request-id", "r")],
        "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
    )]
    fn aws_answers_in_its_own_form(
        #[case] operation: &str,
        #[case] status: u16,
        #[case] headers: &[(&'static str, &'static str)],
        #[case] body: &str,
    ) {
        assert_eq!(judge(operation, &answer(status, headers, body)), Ok(()));
    }

    #[rstest]
    #[case::a_login_page("ListTasks", 200, HTML, "<html>log in</html>")]
    #[case::an_empty_body("ListTasks", 200, JSON, "")]
    #[case::an_empty_object("DescribeRepositories", 200, JSON, "{}")]
    #[case::an_empty_object_of_nobody("PutItem", 200, BARE, "{}")]
    #[case::something_else("DescribeRepositories", 200, JSON, r#"{"status":"ok"}"#)]
    #[case::nothing_where_something_has_to_be("UpdateService", 200, JSON, r#"{"service":null}"#)]
    #[case::a_list("ListTasks", 200, JSON, "[]")]
    #[case::cut_off("ListTasks", 200, JSON, r#"{"taskArns":["#)]
    #[case::a_proxys_not_found("DescribeRepositories", 404, HTML, "<html>Not Found</html>")]
    #[case::a_proxys_refusal("UpdateService", 403, HTML, "<html>policy</html>")]
    #[case::a_refusal_without_a_code("UpdateService", 403, JSON, r#"{"message":"Forbidden"}"#)]
    #[case::a_proxys_refusal_in_json("UpdateService", 403, BARE, r#"{"code":"Forbidden","message":"policy"}"#)]
    #[case::a_proxys_not_found_in_json("DescribeRepositories", 404, BARE, r#"{"__type":"NotFound"}"#)]
    #[case::a_proxys_refusal_in_xml("AssumeRole", 403, XML, "<Error><Code>AccessDenied</Code></Error>")]
    #[case::a_gateway("UpdateService", 502, HTML, "<html>Bad Gateway</html>")]
    #[case::a_redirect("UpdateService", 302, JSON, "{}")]
    #[case::xml_of_another("GetCallerIdentity", 200, XML, "<html></html>")]
    #[case::xml_without_a_code("GetCallerIdentity", 403, XML, "<html></html>")]
    fn an_answer_that_is_not_awss_counts_as_none(
        #[case] operation: &str,
        #[case] status: u16,
        #[case] headers: &[(&'static str, &'static str)],
        #[case] body: &str,
    ) {
        judge(operation, &answer(status, headers, body)).unwrap_err();
    }
}
