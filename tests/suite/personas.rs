//! Persona files: the five that ship, anybody's, and bad ones; lookup; `plenary persona`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plenary::cli::ListFormat;
use plenary::cli::persona::{Persona as Command, Printed, render};
use plenary::config::personas::{self, Settings};
use plenary::config::{ConfigError, Flags};
use plenary::domain::{Contract, Facet, ModelProfile, Persona, PersonaId};
use plenary::prompt::{self, PromptInput};
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/personas").join(name)
}

fn built_in(id: &str) -> Arc<Persona> {
    personas::built_in(&PersonaId::parse(id).unwrap()).unwrap_or_else(|| panic!("{id}"))
}

fn one(path: &Path) -> (Persona, Vec<String>) {
    let mut found = personas::load_path(path).unwrap().personas;
    assert_eq!(found.len(), 1, "{}", path.display());
    found.remove(0)
}

/// Writes files into a new folder.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// Loads a folder as the user's; no project.
fn load(folder: &TempDir) -> personas::Loaded {
    personas::load(folder.path(), Some(Path::new("/nowhere")))
}

/// The notices with the folder's own path taken out.
fn notices(loaded: &personas::Loaded, folder: &TempDir) -> Vec<String> {
    let prefix = format!("{}/", folder.path().display());
    loaded.notices.iter().map(|n| n.replace(&prefix, "")).collect()
}

// The personas that ship.

const SHIPPED: [&str; 5] = ["ai-lead", "devops", "edge", "gitops", "infra"];

#[test]
fn the_five_load_without_a_word() {
    let nowhere = Path::new("/nowhere");
    let loaded = personas::load(nowhere, Some(nowhere));
    let ids: Vec<&str> = loaded.personas.iter().map(|p| p.id.as_str()).collect();
    // One more writes briefs of what the five say: it is a file like theirs, and on no panel.
    let shipped: Vec<&str> = ids.iter().copied().filter(|id| *id != "brief").collect();
    assert_eq!(shipped, SHIPPED);
    assert_eq!(ids.len(), SHIPPED.len() + 1);
    assert_eq!(loaded.notices, [""; 0]);
    let colors: std::collections::HashSet<_> =
        loaded.personas.iter().map(|p| p.color.clone().unwrap()).collect();
    assert_eq!(colors.len(), SHIPPED.len() + 1);
}

#[test]
fn the_five_say_who_they_are() {
    for (id, name, title, view, limit) in [
        ("infra", "Kael Voss", "Principal Infrastructure Engineer", "infra", None),
        ("edge", "Kai Lennox", "Principal Lead Edge Computing Engineer", "edge", None),
        ("devops", "DevOps Engineer", "", "devops", Some(8_000)),
        ("gitops", "DevOps Engineer", "Plumber of the Future", "devops", None),
        ("ai-lead", "Aether", "Principal AI Systems Lead", "ai-lead", None),
    ] {
        let persona = built_in(id);
        assert_eq!(persona.name, name);
        assert!(persona.title.contains(title), "{id}: {}", persona.title);
        assert_eq!((persona.view.as_str(), persona.context_limit), (view, limit));
        assert!(!persona.tags.is_empty() && !persona.contract.sections.is_empty(), "{id}");
        assert_eq!(persona.model, None);
    }
}

#[test]
fn each_brief_stands_alone_and_names_its_sections() {
    for id in SHIPPED {
        let persona = built_in(id);
        let brief = persona.brief.as_deref().unwrap();
        let words = brief.split_whitespace().count();
        assert!((120..=250).contains(&words), "{id}: {words} words");
        assert!(brief.starts_with("You are "), "{id}");
        let brief = brief.split_whitespace().collect::<Vec<_>>().join(" ");
        for section in persona.contract.sections.iter().filter(|s| !s.optional) {
            assert!(brief.contains(&section.title), "{id}: {} is not in the brief", section.title);
        }
        for table in persona.contract.tables.iter().filter(|t| t.when == "options compared") {
            assert!(brief.contains(&table.columns.join(" | ")), "{id}: columns not in the brief");
        }
    }
}

#[test]
fn contracts_promise_the_sections_in_order_with_their_facets() {
    use Facet::{
        Assumptions, Implementation, Operations, Options, Questions, Recommendation, Risks,
        Validation,
    };
    let required = |id: &str| -> Vec<(String, Facet)> {
        let persona = built_in(id);
        let sections = persona.contract.sections.iter().filter(|s| !s.optional);
        sections.map(|s| (s.title.clone(), s.facet)).collect()
    };
    let pairs = |list: &[(&str, Facet)]| -> Vec<(String, Facet)> {
        list.iter().map(|(title, facet)| ((*title).to_owned(), *facet)).collect()
    };
    assert_eq!(
        required("edge"),
        pairs(&[
            ("Restated constraints and assumptions", Assumptions),
            ("Recommended pattern", Recommendation),
            ("Quantified trade-off table", Options),
            ("Implementation outline with critical gotchas", Implementation),
            ("Validation & chaos test plan", Validation),
            ("Operational considerations for the first 90 days", Operations),
        ])
    );
    assert_eq!(
        required("ai-lead"),
        pairs(&[
            ("Executive Summary / Key Recommendation", Recommendation),
            ("Context and Assumptions", Assumptions),
            ("Analysis / Options", Options),
            ("Detailed Recommendation", Recommendation),
            ("Implementation Considerations", Implementation),
            ("Risks, Mitigations & Monitoring", Risks),
            ("Questions for Clarification / Next Steps", Questions),
        ])
    );
    let infra = required("infra");
    assert_eq!(infra.last(), Some(&("Validation & Rollback".to_owned(), Validation)));
    assert_eq!(built_in("infra").contract.closes_with.as_deref(), Some("Validation & Rollback"));
    assert_eq!(built_in("ai-lead").contract.opens_with.as_deref(), Some("Recommendation:"));
}

#[test]
fn tables_have_the_exact_columns() {
    for (id, columns) in [
        (
            "infra",
            "Option | Description | Reliability Impact | Cost Impact | Complexity | Reversibility | Recommendation",
        ),
        ("edge", "Option | Latency | Power | Cost | Resilience | Burden"),
        (
            "ai-lead",
            "Option | Latency (p50/p99) | Cost/1M tokens | Scalability | Operational Complexity | Recommendation",
        ),
    ] {
        let persona = built_in(id);
        let table = persona.contract.tables.iter().find(|t| t.when == "options compared").unwrap();
        assert_eq!(table.columns.join(" | "), columns);
        assert!(persona.prompt.contains(columns), "{id}: the prompt has other columns");
    }
}

#[test]
fn personas_that_share_a_field_ask_the_same() {
    const MERGED: [&str; 15] = [
        "architecture",
        "iac",
        "slo",
        "p99",
        "incidents",
        "environments",
        "nodes",
        "backhaul",
        "power",
        "data",
        "compliance",
        "team",
        "budget",
        "risk",
        "outcome",
    ];
    let mut asks = std::collections::BTreeMap::new();
    for id in SHIPPED {
        for field in &built_in(id).intake {
            assert!(MERGED.contains(&field.id.as_str()), "{id}: {}", field.id);
            let first = asks.entry(field.id.clone()).or_insert_with(|| field.ask.clone());
            assert_eq!(*first, field.ask, "{id}: {}", field.id);
        }
    }
    assert_eq!(asks.len(), MERGED.len());
    let insists = |id: &str| built_in(id).intake.iter().filter(|f| f.confirm).count();
    assert_eq!((insists("edge"), built_in("edge").intake.len()), (7, 7));
    assert_eq!(insists("infra"), built_in("infra").intake.len());
    assert_eq!((insists("devops"), insists("ai-lead")), (0, 0));
}

/// The checklist of what each persona's source demands, as far as words can hold it.
#[test]
fn nothing_that_a_source_demands_is_lost() {
    for (id, phrases) in CHECKLIST {
        let persona = built_in(id);
        let contract = serde_json::to_string(&persona.contract).unwrap();
        let text = format!("{} {} {contract}", persona.prompt, persona.tags.join(" "));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let missing: Vec<&&str> =
            phrases.iter().filter(|p| !text.contains(&p.to_lowercase())).collect();
        assert!(missing.is_empty(), "{id}: {missing:?}");
    }
}

const CHECKLIST: [(&str, &[&str]); 5] = [
    (
        "infra",
        &[
            "Kael Voss",
            "Principal Infrastructure Engineer",
            "18 years",
            "fintech unicorn",
            "second-order effects",
            "infrastructure is a product",
            "OKRs",
            // objectives
            "Reliable by design",
            "10x growth",
            "10x headcount",
            "Secure and compliant from day one",
            "Developer-centric",
            "Operationally sustainable",
            "Economically sound",
            "**why**",
            // expertise
            "VPC Lattice",
            "SageMaker",
            "AlloyDB",
            "Cloud Armor",
            "Anthos",
            "Cosmos DB",
            "Synapse",
            "Crossplane",
            "Terragrunt",
            "Atmos",
            "Terrascan",
            "`terraform test`",
            "Pulumi",
            "AWS CDK (v2)",
            "SAM",
            "Bicep",
            "etcd",
            "Cilium",
            "Karpenter",
            "ApplicationSets",
            "App of Apps",
            "sync waves",
            "Flux v2",
            "Argo Rollouts",
            "Flagger",
            "ambient mesh",
            "Backstage",
            "golden-path",
            "hub-and-spoke",
            "PrivateLink",
            "split-horizon",
            "CoreDNS",
            "anycast",
            "GeoDNS",
            "Little's Law",
            "Kingman's formula",
            "k6",
            "Gatling",
            "Chaos Mesh",
            "LitmusChaos",
            "AWS Fault Injection Simulator",
            "Gremlin",
            "RTO/RPO",
            "IRSA",
            "just-in-time",
            "Gatekeeper",
            "Kyverno",
            "Sentinel",
            "envelope encryption",
            "HSM",
            "tokenisation",
            "cosign",
            "Notary",
            "SBOM",
            "SLSA",
            "SOC 2",
            "ISO 27001",
            "HIPAA",
            "PCI-DSS",
            "FedRAMP",
            "GDPR",
            "OpenTelemetry",
            "Thanos",
            "Cortex",
            "tail-based",
            "Honeycomb",
            "burn rate",
            "Savings Plans",
            "Committed Use Discounts",
            "Kubecost",
            "OpenCost",
            "LaunchDarkly",
            "Unleash",
            "Flagsmith",
            "SAST",
            "Debezium",
            "exactly-once",
            "ClickHouse",
            "DuckDB",
            "postmortems",
            // voice and form
            "never arrogance",
            "incentives",
            "downsides, hidden costs and alternatives",
            "mental model",
            "small blast radius",
            "success criteria",
            "first mention",
            "environment variables",
            "fenced block names its language",
            "title=\"modules/vpc/main.tf\"",
            "`##` and `###`",
            "numbered lists",
            "prerequisites and validation checkpoints",
            "flowchart, sequence, or C4-style context",
            "**Validation & Rollback**",
            "bullets, not long paragraphs",
            "It depends",
            // rules
            "architecture diagrams",
            "error budgets",
            "near-misses",
            "compliance and regulatory duties",
            "budget, timeline, risk tolerance",
            "least privilege",
            "reason why it is granted",
            "wildcard",
            "unencrypted data paths",
            "validated inputs",
            "no secrets in code",
            "tagging",
            "structured logging",
            "health checks",
            "limits and requests",
            "PodDisruptionBudgets",
            "ownership metadata",
            "cost of operating",
            "order of magnitude",
            "canary, blue/green, feature flag, or traffic shifting",
            "Assumptions written down",
            // prohibitions
            "hard-coded credentials",
            "long-lived access keys",
            "AdministratorAccess",
            "point-in-time recovery",
            "tested restores",
            "just use root",
            "disable security for now",
            "timeline for its removal",
            "toil or on-call load",
            "cross-AZ",
            "inter-region egress",
            "boring, proven",
            "public benchmark",
            "own prior measurement",
            "*estimate*",
            "runbooks, playbooks",
            "how will we know",
            "containment",
            "refuse or redirect",
            // when in doubt, protocol
            "conservative",
            "narrow pilot",
            "Reflect the problem",
            "missing context",
            "explicit criteria",
            "one primary path",
            "concrete artifacts",
            "change direction",
        ],
    ),
    (
        "edge",
        &[
            "Kai Lennox",
            "14 years",
            "offshore platforms",
            "PTP clocks",
            "28 watts",
            "400 km",
            "satellite phone",
            "CRDTs",
            "operational transforms",
            "90-99%",
            "KubeEdge",
            "OpenYurt",
            "k3s",
            "MicroShift",
            "Spin",
            "WasmEdge",
            "wasmtime",
            "snapshotter",
            "eBPF",
            "3GPP MEC",
            "UPF",
            "AF (Application Function)",
            "CBRS",
            "Wi-Fi 6E/7",
            "TSN",
            "QUIC 0-RTT",
            "MQTT 5.0",
            "gRPC",
            "Jetson",
            "Hailo-8",
            "Intel VPU",
            "ARM NPU",
            "speculative decoding",
            "Federated and split learning",
            "TPM 2.0",
            "DICE",
            "attestation",
            "SPIFFE/SPIRE",
            "SEV-SNP",
            "TDX",
            "SLSA",
            "remote write",
            "brownouts",
            "clock drift",
            "disk latency",
            "ApplicationSets",
            "Kustomize",
            "A/B banks",
            "delta updates",
            "resumable downloads",
            "cloud stuff, but smaller",
            "latency, power, cost, resilience, operational burden",
            "hard requirements and measured outcomes",
            "Mermaid sequence diagrams and topology diagrams",
            "circuit breakers",
            "backpressure",
            "trace context",
            "this approach will fail when",
            "quick question is exempt",
            "captured *and confirmed*",
            "number of nodes",
            "p99 latency target",
            "bandwidth, cost, longest outage",
            "thermal envelope",
            "data classification and residency",
            "certification",
            "operations are",
            "just use the cloud when connected",
            "local behaviour, authority, queuing, and merge semantics",
            "power and heat under sustained load",
            "multi-vendor",
            "migration and exit",
            "graceful degradation",
            "data sovereignty",
            "compliant alternative",
            "certificate and key rotation",
            "spare parts and RMA",
            "on-site against remote repair",
            "debug distributed state",
            "15-20 ms",
            "infeasible",
            "forbids moving",
            "hours or days",
            "Privacy or competitive",
            "metered",
            "local actuation",
            "continuous local adaptation",
            "bursty",
            "massive reference data",
            "remote-operations skill",
            "Workload | Placement | Matched criterion",
            "PoC on representative hardware",
            "partitions of several hours",
            "edge team and the central team",
            "top 10 failure modes",
            "needs nobody on site",
            "30 days of hypercare",
            "on-call in pairs",
        ],
    ),
    (
        "devops",
        &[
            "DevOps Engineer",
            "testing gates and security gates",
            "secrets, policies and environments",
            "logs, metrics and traces",
            "Reliability, scalability and cost",
            "YAML, Bash, and Python/Go",
            "Terraform/Pulumi, Kubernetes, Docker",
            "GitHub Actions/Jenkins, Prometheus/Grafana, Vault",
            "incident response, SLOs, blue/green and canary",
            "compute, network, storage",
            "RBAC, policy as code",
            "Performance tuning, capacity planning",
            "Least privilege",
            "idempotent and reproducible",
            "snowflake",
            "No noisy alerts",
            "threshold",
            "minimal and composable",
            "Rollback steps",
            "disaster-recovery steps",
            "Runbooks *and* diagnosis checklists",
            "its SLAs, its environments",
            "pipelines, IaC modules, dashboards, runbooks",
            "compliance risk and each SLO risk",
            "application teams and with security",
            "Add build-test-deploy with canary.",
            "rollout steps",
            "Add SLOs and alerts.",
            "SLIs, dashboards and alert routes",
            "reusable workflow and IaC modules",
            "escalation path",
            "smoke tests and policy checks",
            "Version 1.0",
            "Platform Team",
            "2025-08-08",
            "8k tokens",
        ],
    ),
    (
        "gitops",
        &[
            "Plumber of the Future",
            "Flow, Feedback and Learning",
            "GitOps",
            "immutable",
            "No SSH session",
            "AWS Console",
            "Git is Truth",
            "never patched",
            "The second time",
            "The third time",
            "controller",
            "Phoenix Project",
            "blameless post-mortems",
            "`desired_state.yaml`",
            "`kubectl apply`",
            "`kubectl edit`",
            "`kubectl patch`",
            "Pull requests",
            "ArgoCD or Flux",
            "200 ms",
            "< 100 ms for 99% of requests",
            "we pay you",
            "Error budget",
            "innovation stops",
            "❌ **No ClickOps.**",
            "works on my machine",
            "Containers are mandatory",
            "No secrets in Git",
            "ARN or ID",
            "Vault or Secrets Manager",
            "# .github/workflows/deploy.yml",
            "${{ github.sha }}",
            "vulnerability scan",
            "```hcl",
            "prevent_destroy",
            "versioning",
            "Terraform or Crossplane",
            "Cattle, not pets",
            "cannot graph",
            "Sleep well",
            "3 AM",
            "Deploy this",
            "Set up CI/CD",
            "Server is down",
            "DevOps Mode",
        ],
    ),
    (
        "ai-lead",
        &[
            "Aether",
            "Principal AI Systems Lead",
            "15+ years",
            "100,000 GPU-hours",
            "50M+",
            "NeurIPS, ICML and USENIX",
            "PyTorch, Ray, vLLM",
            "first principles",
            "Player-coach",
            "CUDA",
            "5-slide",
            "decision criteria",
            "total cost of ownership (TCO)",
            "18-36 months",
            "distribution shift",
            "Outcomes over output",
            "cost per 1M tokens",
            "developer velocity",
            "PagedAttention",
            "GPTQ, AWQ, SmoothQuant",
            "MoE",
            "late interaction",
            "graph RAG",
            "ReAct, Plan-and-Execute, Reflexion",
            "Feast",
            "Tecton",
            "MLflow",
            "Comet",
            "Argo Workflows",
            "Kubeflow",
            "Prefect",
            "Dagster",
            "Ray Workflows",
            "TensorRT-LLM",
            "TGI",
            "KServe",
            "BentoML",
            "Triton",
            "Flink",
            "Debezium",
            "RAGAS",
            "NannyML",
            "ZeRO",
            "FSDP",
            "DeepSpeed",
            "Megatron-LM",
            "activation checkpointing",
            "H100 + A100 + L4",
            "prefill/decode",
            "RDMA",
            "GPUDirect",
            "Dragonfly",
            "Pydantic v2",
            "mypy strict",
            "Locust",
            "hexagonal",
            "CQRS",
            "model cards, system cards",
            "prompt injection",
            "model extraction",
            "GDPR/CCPA",
            "right to be forgotten",
            "Carbon-aware",
            "MECE",
            "pre-mortem",
            "Wardley",
            "Goodhart's Law",
            "building the system right",
            "Lead with the answer",
            "**Recommendation: ",
            "*throughput*",
            "*p99 tail latency*",
            "*marginal cost per additional 1M tokens*",
            "*italics*",
            "always with a description in text",
            "imports and type hints",
            "Python unless",
            "shiny object",
            "stuck or anxious",
            "Never condescending",
            "Low-Rank Adaptation (LoRA)",
            "revolutionary",
            "game-changing",
            "we did this at Company X",
            "As described in the original",
            "Public benchmarks from",
            "your mileage will vary",
            "I don't have direct production data on that configuration. Here's how I would design an evaluation",
            "each pro has its con and its cost",
            "6-9 months with 70% probability assuming",
            "demo-ware",
            "observability, debuggability, rollback, graceful degradation, security posture, operational runbooks",
            "Boring",
            "risk tolerance",
            "deepfakes",
            "autonomous weapons",
            "mass surveillance",
            "bias amplification",
            "privacy leakage",
            "general-purpose coder",
            "therapist",
            "hiring or firing",
            "individual performance",
            "qualified counsel",
            "Marketing claims",
            "independent evaluations",
            "empirical validation",
            "rate limits",
            "get around safety filters",
            "scrape data unethically",
            "known-vulnerable",
            "acknowledge it at once and revise",
            "doesn't align with your constraints or data",
            "success metrics",
            "data availability and quality",
            "ad-hoc scripts → platform → self-serve",
            "sustainability",
            "incident response",
            "vendor risk",
            "extensibility",
            "Context, Decision, Status, Consequences (positive/negative), Alternatives considered",
            "Current State Assessment",
            "Show me the numbers",
            "frontier reasoning models",
        ],
    ),
];

#[test]
fn only_the_plumber_has_triggers_and_they_activate_its_mode() {
    let gitops = built_in("gitops");
    assert_eq!(gitops.triggers, ["Deploy this", "Set up CI/CD", "Server is down"]);
    assert_eq!(gitops.mode.as_deref(), Some("DevOps Mode"));
    assert!(prompt::is_triggered(&gitops, "the SERVER is  down!"));
    for id in SHIPPED.into_iter().filter(|id| *id != "gitops") {
        assert!(built_in(id).triggers.is_empty(), "{id}");
    }
    let built = prompt::build_prompt(PromptInput {
        persona: &gitops,
        history: &[],
        question: "Deploy this",
        triggered: true,
        model: "m",
        profile: &ModelProfile::default(),
    });
    assert!(built.request.system.starts_with(&*gitops.prompt));
    assert!(built.request.system.len() > gitops.prompt.len());
    assert!(built.request.system.contains("${{ github.sha }}"));
}

#[test]
fn the_files_have_no_character_that_a_reader_does_not_see() {
    for id in SHIPPED {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("personas").join(format!("{id}.md"));
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(personas::invisible::find(&text), [], "{id}");
        assert!(text.ends_with(&*built_in(id).prompt), "{id}: the prompt is the rest of the file");
    }
}

// Anybody's documents.

#[test]
fn plain_documents_load_byte_for_byte() {
    for (file, id, name, title) in [
        ("no-heading.md", "mara-quist", "Mara Quist", "Principal Storage Engineer"),
        ("crlf.txt", "release-engineer", "Release Engineer", ""),
        ("second-of-the-name.md", "release-engineer", "Release Engineer", ""),
        ("with-bom.md", "ida", "Ida", "Principal Network Lead"),
    ] {
        let path = fixture("plain").join(file);
        let (persona, warnings) = one(&path);
        assert_eq!(persona.prompt.as_bytes(), fs::read(&path).unwrap(), "{file}");
        assert_eq!(
            (persona.id.as_str(), persona.name.as_str(), persona.title.as_str()),
            (id, name, title)
        );
        assert_eq!(warnings, [""; 0]);
        let arg = path.display().to_string();
        let printed = show(&arg, true).unwrap();
        assert_eq!(printed.out.as_bytes(), fs::read(&path).unwrap(), "{file}");
        assert_eq!(printed.notices, [""; 0]);
    }
}

#[test]
fn personas_of_one_name_are_told_apart() {
    let found = personas::load_path(&fixture("plain")).unwrap().personas;
    let ids: Vec<&str> = found.iter().map(|(p, _)| p.id.as_str()).collect();
    assert_eq!(ids, ["release-engineer", "mara-quist", "release-engineer-2", "ida"]);
    let paths = ["crlf.txt", "second-of-the-name.md", "crlf.txt"].map(|f| fixture("plain").join(f));
    let found = personas::load_paths(&paths).unwrap().personas;
    let ids: Vec<&str> = found.iter().map(|(p, _)| p.id.as_str()).collect();
    assert_eq!(ids, ["release-engineer", "release-engineer-2"]);
}

#[test]
fn files_of_other_programs_load_as_they_are() {
    let found = personas::load_path(&fixture("foreign")).unwrap().personas;
    let get = |id: &str| {
        found.iter().find(|(p, _)| p.id.as_str() == id).unwrap_or_else(|| panic!("{id}"))
    };
    assert_eq!(found.len(), 6);

    let (reviewer, notices) = get("code-reviewer");
    assert_eq!(reviewer.color.as_deref(), Some("purple"));
    assert!(reviewer.prompt.starts_with("\nYou are a senior reviewer. Read `{{diff}}`"));
    assert_eq!((reviewer.model.clone(), notices.len()), (None, 1));
    assert!(notices[0].ends_with("code-reviewer.md:5: model: `sonnet` is not used: it is not PROVIDER:MODEL; the configured model answers"));

    let (planner, notices) = get("planner");
    assert_eq!(&*planner.prompt, "You plan before anybody builds.\n");
    assert!(
        notices.iter().any(|n| n.contains("planner.md:3: description: not valid YAML")),
        "{notices:?}"
    );

    let (audit, _) = get("audit");
    assert_eq!((audit.temperature, audit.mode.clone()), (Some(0.1), None));
    assert_eq!(audit.title, "Audits without changing anything");

    let (shell, notices) = get("shell");
    assert_eq!(shell.model.as_ref().unwrap().to_string(), "openai:gpt-4o");
    assert_eq!((shell.temperature, shell.top_p, notices.len()), (Some(0.0), Some(0.5), 0));

    let (haiku, notices) = get("haiku");
    assert!(haiku.prompt.starts_with("---\nmodel: openai:gpt-4o\n"));
    assert_eq!(notices.len(), 1);

    let (ideas, _) = get("extract-ideas");
    assert_eq!(ideas.name, "extract_ideas");
    let (direct, _) = one(&fixture("foreign/extract_ideas"));
    assert_eq!((&direct.name, &direct.prompt), (&ideas.name, &ideas.prompt));
}

// Bad files.

const PLAIN: &[u8] = b"# Good one\n\nText.\n";

#[test]
fn each_bad_file_is_skipped_with_one_clear_line_and_the_others_load() {
    let mut bomb = "---\na: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (from, to) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        writeln!(bomb, "{to}: &{to} [{}]", vec![format!("*{from}"); 9].join(",")).unwrap();
    }
    bomb.push_str("---\nbody\n");
    let large = vec![b'x'; 300 * 1024];
    let folder = folder(&[
        ("a-good.md", PLAIN),
        ("binary.md", b"\x7fELF\x02\x01\x01\0\0\0"),
        ("bomb.md", bomb.as_bytes()),
        ("dir.md/x", b""),
        ("empty.md", b""),
        ("large.md", &large),
        ("latin1.md", b"# Caf\xe9\n"),
        ("only-front.md", b"---\nid: x\n---\n"),
        ("twice-1.md", b"---\nid: twice\n---\nFirst\n"),
        ("twice-2.md", b"---\nname: T\nid: twice\n---\nSecond\n"),
        ("utf16.md", b"\xff\xfe#\0 \0A\0"),
        ("value.md", b"---\nid: v\ntemperature: hot\n---\nbody\n"),
        ("yaml.md", b"---\nid: [x\n---\nbody\n"),
        ("z-unknown.md", b"---\nid: unknown\ncolour: teal\n---\nbody\n"),
    ]);
    let loaded = load(&folder);
    let ids: Vec<&str> = loaded.personas.iter().skip(6).map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["good-one", "twice", "unknown"]);
    assert_eq!(
        notices(&loaded, &folder),
        [
            "binary.md: is binary (a NUL at byte 7); a persona is a text file in UTF-8 (skipped)",
            "bomb.md:6: e: the front matter is too deep, too large or repeats itself too often; it was refused (skipped)",
            "dir.md: is a folder, not a file (skipped)",
            "empty.md: the file is empty; a persona is a Markdown document that says who answers (skipped)",
            "large.md: has 300 kB; a persona file has at most 256 kB (skipped)",
            "latin1.md: is not UTF-8 (byte 0xE9 in line 1); if it is Latin-1, save it as UTF-8 (iconv -f LATIN1 -t UTF-8) (skipped)",
            "only-front.md:3: there is only front matter; the system prompt is missing below it (skipped)",
            "utf16.md: is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8) (skipped)",
            "value.md:3: temperature: `hot` is not a number from 0 to 2, or null (skipped)",
            "yaml.md:2: id: not valid YAML: unclosed bracket '[' (skipped)",
            "twice-2.md:3: id: `twice` is also the id of twice-1.md; that one is used: give this one another id (skipped)",
            "z-unknown.md:3: colour: unknown key, not used; did you mean `color`?",
        ]
    );
}

#[test]
fn what_is_named_on_the_command_line_must_be_right() {
    let folder =
        folder(&[("bad.md", b"---\nid: A B\n---\nx\n"), ("worse.md", b""), ("good.md", PLAIN)]);
    let error = |path: &Path| {
        let ConfigError(text) = personas::load_path(path).unwrap_err();
        text.replace(&format!("{}/", folder.path().display()), "")
    };
    assert_eq!(
        error(&folder.path().join("bad.md")),
        "bad.md:2: id: `A B` is not 1 to 64 of a-z, 0-9 and hyphens, such as `my-reviewer`; write `a-b`"
    );
    assert!(
        error(&folder.path().join("none.md")).starts_with("none.md: cannot be read: No such file")
    );
    fs::remove_file(folder.path().join("good.md")).unwrap();
    assert_eq!(error(folder.path()).lines().count(), 2);
    let empty = TempDir::new().unwrap();
    assert!(
        error(empty.path())
            .ends_with("the folder holds no persona (*.md, *.txt or NAME/system.md)")
    );
}

#[test]
fn a_folder_on_the_command_line_loads_what_is_good_and_says_what_is_not() {
    let twice = b"---\nid: twice\n---\nText\n";
    let folder = folder(&[
        ("bad.md", b"---\nid: A B\n---\nx\n"),
        ("dir.md/x", b""),
        ("good.md", PLAIN),
        ("twice-1.md", twice),
        ("twice-2.md", twice),
    ]);
    let found = personas::load_path(folder.path()).unwrap();
    let ids: Vec<&str> = found.personas.iter().map(|(p, _)| p.id.as_str()).collect();
    assert_eq!(ids, ["good-one", "twice"]);
    let starts: Vec<_> = found
        .skipped
        .iter()
        .map(|line| {
            assert!(line.ends_with(" (skipped)"), "{line}");
            line.split(": ").next().unwrap().rsplit('/').next().unwrap()
        })
        .collect();
    assert_eq!(starts, ["bad.md:2", "dir.md", "twice-2.md:2"]);

    let files = ["twice-1.md", "twice-2.md"].map(|name| folder.path().join(name));
    let ConfigError(text) = personas::load_paths(&files).unwrap_err();
    assert!(text.contains("twice-2.md:2") && text.contains("twice-1.md"), "{text}");
    let both = [folder.path().to_owned(), folder.path().join("bad.md")];
    let ConfigError(text) = personas::load_paths(&both).unwrap_err();
    assert!(text.contains("bad.md:2") && text.lines().count() == 1, "{text}");
}

#[test]
fn many_skipped_files_are_one_line_in_brief() {
    let folder = folder(&[("a.md", b""), ("b.md", b""), ("good.md", PLAIN)]);
    assert_eq!(load(&folder).brief, load(&folder).notices, "two are said as they are");
    let bad = "---\ntemperature: 9\ntop_p: 9\ncontext_limit: 1\n---\nx\n";
    fs::write(folder.path().join("c.md"), bad).unwrap();
    let loaded = load(&folder);
    assert_eq!(loaded.notices.len(), 5, "{:?}", loaded.notices);
    let place = folder.path().display();
    assert_eq!(
        loaded.brief,
        [format!("3 files in {place} were skipped; `plenary doctor` lists them")]
    );
    fs::remove_file(folder.path().join("a.md")).unwrap();
    fs::remove_file(folder.path().join("b.md")).unwrap();
    assert_eq!(
        load(&folder).brief,
        [format!("1 file in {place} was skipped; `plenary doctor` says why")]
    );
}

#[cfg(unix)]
#[test]
fn devices_pipes_and_loops_are_skipped_and_nothing_waits() {
    use std::os::unix::fs::symlink;
    let folder = folder(&[("good.md", PLAIN)]);
    let at = |name: &str| folder.path().join(name);
    symlink(at("loop-b.md"), at("loop-a.md")).unwrap();
    symlink(at("loop-a.md"), at("loop-b.md")).unwrap();
    symlink("/dev/zero", at("zero.md")).unwrap();
    symlink(folder.path(), at("itself")).unwrap();
    symlink(at("good.md"), at("link.md")).unwrap();
    make_fifo(&at("pipe.md"));
    let loaded = load(&folder);
    let ids: Vec<&str> = loaded.personas.iter().skip(6).map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["good-one", "good-one-2"]);
    let notices = notices(&loaded, &folder);
    assert_eq!(notices.len(), 4, "{notices:?}");
    assert!(notices[0].starts_with("loop-a.md: cannot be read:"), "{notices:?}");
    let special =
        "is not a regular file (a pipe, socket or device); a persona is a text file (skipped)";
    assert_eq!(notices[2..], [format!("pipe.md: {special}"), format!("zero.md: {special}")]);
}

#[cfg(unix)]
fn make_fifo(path: &Path) {
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn a_folder_of_many_files_is_read_up_to_its_limit() {
    let folder = TempDir::new().unwrap();
    for i in 0..1_100 {
        fs::write(folder.path().join(format!("{i:04}.md")), "Text").unwrap();
    }
    let loaded = load(&folder);
    assert_eq!(loaded.personas.len(), 6 + 1_000);
    assert_eq!(loaded.notices.len(), 1);
    assert!(loaded.notices[0].ends_with("holds 1100 files; only the first 1000 are read"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_panics_and_a_plain_one_is_never_changed(
        front in "(---\n)?([a-z_]{0,12}: ?[\\PC\n\\[\\]{}&*!|>'\"-]{0,20}\n){0,4}(---\n)?",
        body in "[\\PC\n\r#*` -]{0,200}",
    ) {
        let text = front + &body;
        let folder = folder(&[("p.md", text.as_bytes())]);
        let path = folder.path().join("p.md");
        if let Ok(found) = personas::load_path(&path) {
            let (persona, _) = &found.personas[0];
            assert!(text.ends_with(&*persona.prompt));
            assert!(PersonaId::parse(persona.id.as_str()).is_some(), "{}", persona.id);
            if !text.starts_with("---") {
                assert_eq!(*persona.prompt, *text);
            }
        } else {
            let (_, problems) = personas::inspect(&[path]);
            assert!(problems.iter().any(personas::Problem::is_error));
        }
    }

    #[test]
    fn no_question_panics(text in "[@a-z \\PC\n,:;]{0,80}", phrase in "\\PC{0,12}") {
        let known = [PersonaId::from_name("edge")];
        let found = prompt::split_mentions(&text, &known);
        assert!(text.ends_with(&found.text));
        let mut persona = (*built_in("gitops")).clone();
        persona.triggers = vec![phrase.clone()];
        let says = prompt::is_triggered(&persona, &text);
        assert!(!says || phrase.chars().any(|c| !c.is_whitespace()));
    }
}

// Lookup.

#[test]
fn the_project_goes_before_the_user_and_both_before_the_built_in_ones() {
    let user = folder(&[("edge.md", b"---\nid: edge\nname: Mine\n---\nMine\n"), ("own.md", PLAIN)]);
    let project = folder(&[("good.md", b"---\nid: good-one\n---\nTheirs\n")]);
    let loaded = personas::load(user.path(), Some(project.path()));
    let ids: Vec<&str> = loaded.personas.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["ai-lead", "brief", "devops", "edge", "gitops", "infra", "good-one"]);
    let prompt = |id: &str| {
        let persona = loaded.personas.iter().find(|p| p.id.as_str() == id).unwrap();
        persona.prompt.to_string()
    };
    assert_eq!((prompt("edge").as_str(), prompt("good-one").as_str()), ("Mine\n", "Theirs\n"));
    assert_eq!(loaded.notices.len(), 1, "{:?}", loaded.notices);
    assert!(loaded.notices[0].contains("good.md: replaces the persona `good-one` ("));
}

#[test]
fn the_configuration_overrides_any_setting_or_none() {
    let mut persona = (*built_in("edge")).clone();
    let before = persona.clone();
    let file = Path::new("config.toml");
    let wrong = Settings {
        name: Some("New".to_owned()),
        temperature: Some(3.0),
        model: Some("sonnet".to_owned()),
        ..Settings::default()
    };
    let ConfigError(text) = personas::apply(&mut persona, &wrong, file).unwrap_err();
    assert_eq!(
        text,
        "config.toml: [persona.edge] model: `sonnet` is not PROVIDER:MODEL such as `openai:gpt-5`, or null\n\
         config.toml: [persona.edge] temperature: `3` is not a number from 0 to 2, or null"
    );
    assert_eq!(persona, before);
    let right = Settings {
        name: Some("New".to_owned()),
        title: Some("T".to_owned()),
        view: Some("v".to_owned()),
        color: Some("red".to_owned()),
        context_limit: Some(4_000),
        model: Some("anthropic:claude".to_owned()),
        temperature: Some(1.0),
        top_p: Some(0.5),
        triggers: Some(vec!["Go".to_owned()]),
        mode: Some("Go Mode".to_owned()),
        tags: Some(vec![]),
        intake: Some(vec![]),
        contract: Some(Contract::default()),
        brief: Some("Short.\n".to_owned()),
    };
    personas::apply(&mut persona, &right, file).unwrap();
    assert_eq!(
        (persona.name.as_str(), persona.title.as_str(), persona.view.as_str()),
        ("New", "T", "v")
    );
    assert_eq!((persona.color.as_deref(), persona.context_limit), (Some("red"), Some(4_000)));
    assert_eq!(persona.model.as_ref().unwrap().to_string(), "anthropic:claude");
    assert_eq!((persona.temperature, persona.top_p), (Some(1.0), Some(0.5)));
    assert_eq!((persona.triggers.len(), persona.mode.as_deref()), (1, Some("Go Mode")));
    assert!(persona.tags.is_empty() && persona.intake.is_empty() && persona.contract.is_empty());
    assert_eq!(persona.brief.as_deref(), Some("Short."));
    assert_eq!((&persona.prompt, &persona.id), (&before.prompt, &before.id));
}

// The command.

fn show(persona: &str, prompt: bool) -> Result<Printed, plenary::cli::CliError> {
    let persona = persona.to_owned();
    render(Command::Show { persona, prompt, format: ListFormat::Text }, &Flags::default())
}

#[test]
fn show_prompt_prints_the_prompt_and_nothing_else() {
    for id in SHIPPED {
        assert_eq!(show(id, true).unwrap().out, *built_in(id).prompt);
    }
}

#[test]
fn show_says_what_a_persona_promises() {
    let out = show("edge", false).unwrap().out;
    for line in [
        "Kai Lennox (edge)",
        "Principal Lead Edge Computing Engineer",
        "source      built in",
        "Sections (applies: substantial)",
        "   1  Restated constraints and assumptions              assumptions",
        "  options compared: Option | Latency | Power | Cost | Resilience | Burden",
        "  nodes: How many nodes, and how heterogeneous? (insists)",
    ] {
        assert!(out.lines().any(|l| l == line), "{line}\n{out}");
    }
    assert!(!out.contains("# Kai Lennox"));
    let json = render(
        Command::Show { persona: "edge".to_owned(), prompt: false, format: ListFormat::Json },
        &Flags::default(),
    );
    let json: serde_json::Value = serde_json::from_str(&json.unwrap().out).unwrap();
    assert_eq!(json["contract"]["sections"][1]["facet"], "recommendation");
    assert_eq!(json["prompt"], *built_in("edge").prompt);
}

#[test]
fn an_unknown_persona_is_a_usage_error_with_the_nearest_name() {
    let error = show("egde", false).unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (2, "there is no persona `egde`; did you mean `edge`?")
    );
    let error = show("zzzzzz", false).unwrap_err();
    assert!(error.message.contains("known are ai-lead, brief, devops, edge"), "{}", error.message);
    assert!(show("./none.md", false).unwrap_err().message.contains("none.md: cannot be read"));
    let many = fixture("plain").display().to_string();
    assert!(
        show(&many, false).unwrap_err().message.ends_with("holds 4 personas; name one file of it")
    );
}

#[test]
fn check_lists_errors_warnings_hidden_characters_and_sizes() {
    let folder = folder(&[
        ("good.md", PLAIN),
        ("hidden.md", "# H\n\nvisible\u{202e} text\u{200b}\n".as_bytes()),
        ("wrong.md", b"---\nid: w\nbreif: x\ntop_p: 9\n---\nbody\n"),
        ("esc.md", b"---\nid: \"\\e[31m\"\n---\nbody\n"),
    ]);
    let check = |names: &[&str]| {
        let files = names.iter().map(|n| folder.path().join(n)).collect();
        let printed = render(Command::Check { files }, &Flags::default()).unwrap();
        (printed.code, printed.out.replace(&format!("{}/", folder.path().display()), ""))
    };
    assert_eq!(
        check(&["good.md", "hidden.md"]),
        (
            0,
            "good.md: good-one, Good one: prompt about 5 tokens\n\
             hidden.md:3: invisible character U+202E, bidirectional control (warning)\n\
             hidden.md:3: invisible character U+200B, zero-width space (warning)\n\
             hidden.md: h, H: prompt about 5 tokens\n\
             2 personas, 0 errors, 2 warnings\n"
                .to_owned()
        )
    );
    assert_eq!(
        check(&["wrong.md"]),
        (
            1,
            "wrong.md:3: breif: unknown key, not used; did you mean `brief`? (warning)\n\
             wrong.md:4: top_p: `9` is not a number from 0 to 1, or null\n\
             0 personas, 1 error, 1 warning\n"
                .to_owned()
        )
    );
    let (code, out) = check(&["esc.md"]);
    assert_eq!(code, 1);
    assert!(!out.contains('\u{1b}'), "{out:?}");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("personas");
    let printed = render(Command::Check { files: vec![shipped] }, &Flags::default()).unwrap();
    assert_eq!(printed.code, 0);
    assert!(printed.out.ends_with("6 personas, 0 errors, 0 warnings\n"), "{}", printed.out);
}
