//! The JSON body of a Chat Completions request.
//!
//! Trimming history and documents to the context of the model happens earlier, when the prompt is built.

use serde::Serialize;

use crate::domain::{ChatRequest, ChatRole, ProviderSpec};

#[derive(Serialize)]
struct RequestBody<'a> {
    model: &'a str,
    messages: Vec<RequestMessage<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
}

#[derive(Serialize)]
struct RequestMessage<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// Serializes `request` for the server at `host`.
pub(super) fn build_body(
    request: &ChatRequest,
    spec: &ProviderSpec,
    host: &str,
) -> serde_json::Result<Vec<u8>> {
    let system = (!request.system.is_empty())
        .then(|| RequestMessage { role: "system", content: &request.system });
    let history = request.messages.iter().map(|message| RequestMessage {
        role: match message.role {
            ChatRole::User => "user",
            ChatRole::Assistant => "assistant",
        },
        content: &message.text,
    });
    let limit = request.max_tokens.or(spec.max_tokens);
    // OpenAI's newer models reject the old name; servers that copied the API know only the old one.
    let use_new_name = host == "api.openai.com" || host.ends_with(".azure.com");
    serde_json::to_vec(&RequestBody {
        model: &request.model,
        messages: system.into_iter().chain(history).collect(),
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        temperature: request.temperature,
        top_p: request.top_p,
        max_tokens: limit.filter(|_| !use_new_name),
        max_completion_tokens: limit.filter(|_| use_new_name),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::ChatMessage;

    fn sample_request() -> ChatRequest {
        ChatRequest {
            model: "large".into(),
            system: "Be exact.".into(),
            messages: vec![
                ChatMessage::user("one\n\"two\""),
                ChatMessage::assistant("2"),
                ChatMessage::user("three"),
            ],
            temperature: Some(0.7),
            top_p: None,
            max_tokens: Some(100),
            scaffold: None,
        }
    }

    fn body_json(request: &ChatRequest, spec: &ProviderSpec, host: &str) -> Value {
        serde_json::from_slice(&build_body(request, spec, host).unwrap()).unwrap()
    }

    #[test]
    fn the_body_has_all_fields() {
        let spec = ProviderSpec::new("x", "openai", "https://llm.example.com/v1");
        let bytes = build_body(&sample_request(), &spec, "llm.example.com").unwrap();
        assert!(
            std::str::from_utf8(&bytes).unwrap().contains("\"temperature\":0.7,"),
            "not widened to f64"
        );
        assert_eq!(
            body_json(&sample_request(), &spec, "llm.example.com"),
            json!({
                "model": "large",
                "messages": [
                    {"role": "system", "content": "Be exact."},
                    {"role": "user", "content": "one\n\"two\""},
                    {"role": "assistant", "content": "2"},
                    {"role": "user", "content": "three"},
                ],
                "stream": true,
                "stream_options": {"include_usage": true},
                "temperature": serde_json::from_str::<Value>("0.7").unwrap(),
                "max_tokens": 100,
            })
        );
    }

    #[test]
    fn token_limits_use_the_name_that_the_server_knows() {
        let mut spec = ProviderSpec::new("x", "openai", "https://api.openai.com/v1");
        let mut request = sample_request();
        assert_eq!(body_json(&request, &spec, "api.openai.com")["max_completion_tokens"], 100);
        assert_eq!(body_json(&request, &spec, "api.openai.com")["max_tokens"], Value::Null);
        request.max_tokens = None;
        spec.max_tokens = Some(7);
        assert_eq!(body_json(&request, &spec, "llm.example.com")["max_tokens"], 7);
        request.system = "".into();
        assert_eq!(body_json(&request, &spec, "llm.example.com")["messages"][0]["role"], "user");
    }
}
