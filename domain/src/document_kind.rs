//! The kinds of paper that Probity knows, with their names in the regulation's words.

use serde::{Deserialize, Serialize};

/// Declares the kinds once: wire name, Chinese and English name, and whether a paper of the kind may be without end.
macro_rules! document_kinds {
    ($($variant:ident, $wire:literal, $zh:literal, $en:literal, $term:ident;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum DocumentKind {
            $(#[serde(rename = $wire)] $variant,)*
        }

        crate::wire::code_schema!(DocumentKind, [$($wire),*]);

        impl DocumentKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name on the wire.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $wire,)* }
            }

            /// The paper's name in Chinese, without 《》.
            pub fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }

            /// The paper's name in English, to follow an article.
            pub fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }

            pub fn term(self) -> Term {
                match self { $(Self::$variant => Term::$term,)* }
            }
        }
    };
}

/// Whether a paper must have an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// It has a statutory end: a date is required.
    Dated,
    /// It may be stated to be without end.
    MayBeLong,
}

document_kinds! {
    BusinessLicence, "business_licence", "营业执照", "business licence", MayBeLong;
    InstitutionCertificate, "institution_certificate", "事业单位法人证书", "public institution certificate", MayBeLong;
    SocialOrganisationCertificate, "social_organisation_certificate", "民办非企业单位登记证书", "private non-profit registration certificate", MayBeLong;
    DeviceTradingLicence, "device_trading_licence", "医疗器械经营许可证", "device trading licence", Dated;
    DeviceTradingFiling, "device_trading_filing", "第二类医疗器械经营备案凭证", "class II device trading filing", MayBeLong;
    ProductionLicence, "production_licence", "医疗器械生产许可证", "device production licence", Dated;
    ProductionFiling, "production_filing", "第一类医疗器械生产备案凭证", "class I device production filing", MayBeLong;
    PracticeLicence, "practice_licence", "医疗机构执业许可证", "medical institution practice licence", MayBeLong;
    PracticeVerification, "practice_verification", "医疗机构校验记录", "practice verification", Dated;
    ClinicFiling, "clinic_filing", "诊所备案凭证", "clinic filing", MayBeLong;
    SectorLicence, "sector_licence", "行业许可证", "sector licence", MayBeLong;
    StatementOfNeed, "statement_of_need", "使用需求说明", "statement of need", MayBeLong;
    AgentAuthorisation, "agent_authorisation", "采购人员授权委托书", "purchasing agent's authorisation", MayBeLong;
    DistributionAuthorisation, "distribution_authorisation", "经销授权书", "distribution authorisation", MayBeLong;
    QualityAgreement, "quality_agreement", "质量保证协议", "quality agreement", MayBeLong;
    InvoicingParticulars, "invoicing_particulars", "开票资料", "invoicing particulars", MayBeLong;
    RenewalAcceptance, "renewal_acceptance", "受理通知书", "notice of acceptance of the renewal", MayBeLong;
    DrugTradingLicence, "drug_trading_licence", "药品经营许可证", "drug trading licence", Dated;
    GspCertificate, "gsp_certificate", "药品经营质量管理规范认证证书", "GSP certificate", MayBeLong;
    LargeEquipmentPermit, "large_equipment_permit", "大型医用设备配置许可证", "large equipment permit", MayBeLong;
    RadiationPermit, "radiation_permit", "放射诊疗许可证", "radiation permit", MayBeLong;
    CompetenceRecord, "competence_record", "人员资质证明", "competence record", MayBeLong;
    FinancialStatement, "financial_statement", "财务报表", "financial statement", MayBeLong;
    Guarantee, "guarantee", "担保函", "guarantee", MayBeLong;
}
