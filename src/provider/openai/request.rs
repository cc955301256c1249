//! The body of a request.
//! Only what this wire sends; what is asked was decided by `prompt`. Called by the provider's `stream`.

use serde::Serialize;

use crate::domain::{ChatRequest, ChatRole, ProviderSpec};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
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
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// `request` as JSON for the server at `host`.
pub(super) fn body(
    request: &ChatRequest,
    spec: &ProviderSpec,
    host: &str,
) -> serde_json::Result<Vec<u8>> {
    let system =
        (!request.system.is_empty()).then(|| Message { role: "system", content: &request.system });
    let history = request.messages.iter().map(|message| Message {
        role: match message.role {
            ChatRole::User => "user",
            ChatRole::Assistant => "assistant",
        },
        content: &message.text,
    });
    let limit = request.max_tokens.or(spec.max_tokens);
    // OpenAI's newer models refuse the old name; the servers that copied its wire know only the old one.
    let new_name = host == "api.openai.com" || host.ends_with(".azure.com");
    serde_json::to_vec(&Body {
        model: &request.model,
        messages: system.into_iter().chain(history).collect(),
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        temperature: request.temperature,
        top_p: request.top_p,
        max_tokens: limit.filter(|_| !new_name),
        max_completion_tokens: limit.filter(|_| new_name),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::ChatMessage;

    fn request() -> ChatRequest {
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

    fn written(request: &ChatRequest, spec: &ProviderSpec, host: &str) -> Value {
        serde_json::from_slice(&body(request, spec, host).unwrap()).unwrap()
    }

    #[test]
    fn the_whole_body() {
        let spec = ProviderSpec::new("x", "openai", "https://llm.example.com/v1");
        let bytes = body(&request(), &spec, "llm.example.com").unwrap();
        assert!(
            std::str::from_utf8(&bytes).unwrap().contains("\"temperature\":0.7,"),
            "as it was written"
        );
        assert_eq!(
            written(&request(), &spec, "llm.example.com"),
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
    fn limits_take_the_name_that_the_server_knows() {
        let mut spec = ProviderSpec::new("x", "openai", "https://api.openai.com/v1");
        let mut request = request();
        assert_eq!(written(&request, &spec, "api.openai.com")["max_completion_tokens"], 100);
        assert_eq!(written(&request, &spec, "api.openai.com")["max_tokens"], Value::Null);
        request.max_tokens = None;
        spec.max_tokens = Some(7);
        assert_eq!(written(&request, &spec, "llm.example.com")["max_tokens"], 7);
        request.system = "".into();
        assert_eq!(written(&request, &spec, "llm.example.com")["messages"][0]["role"], "user");
    }
}
