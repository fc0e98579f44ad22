"""What becomes of each attribute: the Basic Application Level Confidentiality Profile as data.

The actions are those of PS3.15 Table E.1-1. Attributes that are not listed follow from their VR:
dates and UIDs are mapped, long free text and names of persons go (``BY_VR``), codes and numbers stay.
Three options of the profile are taken: dates are shifted and times kept (PS3.15 E.3.6), the content
of structured reports is cleaned instead of removed (E.3.4), and references between objects stay.
"""

from __future__ import annotations

from typing import Literal

from scenario_runner.dicom.sop_classes import SECONDARY_CAPTURE, STORAGE_ARC

Action = Literal["keep", "remove", "empty", "dummy", "clear"]
"""``clear`` keeps a text unless it holds something that identifies."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


REMOVE = _words(
    """
    AcquisitionComments AcquisitionContextDescription AcquisitionProtocolDescription
    ActualHumanPerformersSequence AdditionalPatientHistory AddressTrial AdmissionID
    AdmittingDiagnosesCodeSequence AdmittingDiagnosesDescription Allergies
    AnnotationGroupDescription Arbitrary AuthorObserverSequence BeamDescription
    BolusDescription BranchOfService CameraOwnerName CassetteID CertifiedTimestamp
    ChannelDerivationDescription ChannelLabel
    ClinicalTrialProtocolEthicsCommitteeApprovalNumber ClinicalTrialSeriesDescription
    ClinicalTrialSeriesID ClinicalTrialTimePointDescription CommentsOnRadiationDose
    CommentsOnThePerformedProcedureStep CompensatorDescription
    ConfidentialityConstraintOnPatientDataDescription
    ConsultingPhysicianIdentificationSequence ContainerComponentID ContainerDescription
    ContentCreatorIdentificationCodeSequence ContributionDescription CountryOfResidence
    CurrentObserverTrial CurrentPatientLocation CustodialOrganizationSequence
    DataSetTrailingPadding DecompositionDescription DerivationDescription DeviceDescription
    DeviceSettingDescription DigitalSignaturesSequence DischargeDiagnosisDescription
    DisplacementReferenceLabel DistributionAddress DistributionName DoseReferenceDescription
    EntityDescription EntityName EquipmentFrameOfReferenceDescription EthnicGroup
    EthnicGroupCodeSequence FilterLookupTableDescription FixationDeviceDescription
    FractionGroupDescription FrameComments GPSAltitude GPSAltitudeRef GPSAreaInformation
    GPSDOP GPSDestBearing GPSDestBearingRef GPSDestDistance GPSDestDistanceRef GPSDestLatitude
    GPSDestLatitudeRef GPSDestLongitude GPSDestLongitudeRef GPSDifferential GPSImgDirection
    GPSImgDirectionRef GPSLatitude GPSLatitudeRef GPSLongitude GPSLongitudeRef GPSMapDatum
    GPSMeasureMode GPSProcessingMethod GPSSatellites GPSSpeed GPSSpeedRef GPSStatus GPSTrack
    GPSTrackRef GPSVersionID GantryID GeneratorID HardcopyCreationDeviceID HumanPerformerName
    HumanPerformerOrganization IconImageSequence IdentifyingComments ImageComments
    ImagePresentationComments ImagingServiceRequestComments Impressions InstanceOriginStatus
    InstitutionAddress InstitutionalDepartmentName InstitutionalDepartmentTypeCodeSequence
    InsurancePlanIdentification IntendedRecipientsOfResultsIdentificationSequence
    InterpretationApproverSequence InterpretationAuthor InterpretationDiagnosisDescription
    InterpretationID InterpretationIDIssuer InterpretationRecorder InterpretationText
    InterpretationTranscriber IssuerOfAdmissionID IssuerOfAdmissionIDSequence
    IssuerOfClinicalTrialProtocolID IssuerOfClinicalTrialSeriesID IssuerOfClinicalTrialSiteID
    IssuerOfClinicalTrialSubjectID IssuerOfClinicalTrialSubjectReadingID
    IssuerOfClinicalTrialTimePointID IssuerOfPatientID IssuerOfServiceEpisodeID
    IssuerOfServiceEpisodeIDSequence LensMake LensModel LensSerialNumber LensSpecification
    LongDeviceDescription MAC MakerNote MedicalAlerts MedicalRecordLocator MilitaryRank
    ModifiedAttributesSequence ModifiedImageDescription ModifyingDeviceID
    MultienergyAcquisitionDescription MultiplexGroupLabel NameOfPhysiciansReadingStudy
    NamesOfIntendedRecipientsOfResults NetworkID NonconformingDataElementValue
    NonconformingModifiedAttributesSequence Occupation OperatorIdentificationSequence
    OrderCallbackPhoneNumber OrderCallbackTelecomInformation OrderEnteredBy
    OrderEntererLocation OriginalAttributesSequence Originator
    OtherClinicalTrialProtocolIDsSequence OtherPatientIDs OtherPatientIDsSequence
    OtherPatientNames ParticipantSequence PatientAddress PatientAge PatientBirthName
    PatientBirthTime PatientComments PatientInstitutionResidence
    PatientInsurancePlanCodeSequence PatientMotherBirthName PatientPrimaryLanguageCodeSequence
    PatientPrimaryLanguageModifierCodeSequence PatientReligiousPreference
    PatientSetupPhotoDescription PatientSize PatientState PatientTelecomInformation
    PatientTelephoneNumbers PatientTransportArrangements
    PatientTreatmentPreparationMethodDescription
    PatientTreatmentPreparationProcedureParameterDescription PatientWeight PerformedLocation
    PerformedProcedureStepDescription PerformedProcedureStepID PerformedStationAETitle
    PerformedStationGeographicLocationCodeSequence PerformedStationName
    PerformedStationNameCodeSequence PerformingPhysicianIdentificationSequence
    PerformingPhysicianName PersonAddress PersonTelecomInformation PersonTelephoneNumbers
    PhysicianApprovingInterpretation PhysiciansOfRecord
    PhysiciansOfRecordIdentificationSequence PhysiciansReadingStudyIdentificationSequence
    PlateID PositionAcquisitionTemplateDescription PositionAcquisitionTemplateName
    PreMedication PregnancyStatus PrescriptionDescription PriorTreatmentDoseDescription
    PyramidDescription PyramidLabel ROICreatorSequence ROIDescription ROIGenerationDescription
    ROIInterpreterSequence ROIObservationDescription ROIObservationLabel RTPlanDescription
    RTPlanName ReasonForOmissionDescription ReasonForRequestedProcedureCodeSequence
    ReasonForStudy ReasonForTheImagingServiceRequest ReasonForTheRequestedProcedure
    ReasonForVisit ReasonForVisitCodeSequence ReceivingAE ReferencedDigitalSignatureSequence
    ReferencedPatientAliasSequence ReferencedPatientPhotoSequence ReferencedPatientSequence
    ReferencedSOPInstanceMACSequence ReferringPhysicianAddress
    ReferringPhysicianIdentificationSequence ReferringPhysicianTelephoneNumbers
    RegionOfResidence RequestAttributesSequence RequestedContrastAgent
    RequestedProcedureComments RequestedProcedureID RequestedProcedureLocation
    RequestedSeriesDescription RequestingAE RequestingPhysician RequestingService
    RespiratoryMotionCompensationTechniqueDescription ResponsibleOrganization
    ResponsiblePerson ResultsComments ResultsDistributionListSequence ResultsID
    ResultsIDIssuer RetrieveAETitle ScheduledHumanPerformersSequence
    ScheduledPatientInstitutionResidence ScheduledPerformingPhysicianIdentificationSequence
    ScheduledPerformingPhysicianName ScheduledProcedureStepDescription
    ScheduledProcedureStepID ScheduledProcedureStepLocation ScheduledStationAETitle
    ScheduledStationGeographicLocationCodeSequence ScheduledStationName
    ScheduledStationNameCodeSequence ScheduledStudyLocation ScheduledStudyLocationAETitle
    SecondaryCaptureDeviceID SeriesDescription ServiceEpisodeDescription ServiceEpisodeID
    SetupTechniqueDescription ShieldingDeviceDescription SlideIdentifier SmokingStatus
    SourceManufacturer SpecialNeeds SpecimenAccessionNumber SpecimenDetailedDescription
    SpecimenShortDescription StationAETitle StructureSetDescription StructureSetName
    StudyComments StudyDescription StudyIDIssuer TelephoneNumberTrial TextComments TextString
    TopicAuthor TopicKeywords TopicSubject TopicTitle TransducerIdentificationSequence
    TreatmentSites UDISequence UniqueDeviceIdentifier VerbalSourceIdentifierCodeSequenceTrial
    VerbalSourceTrial VisitComments WaveformFilterDescription XRayDetectorLabel
    """
)
"""Action X: the element goes."""

EMPTY = _words(
    """
    DocumentTitle AccessionNumber AcquisitionContextSequence BarcodeValue
    ClinicalTrialCoordinatingCenterName ClinicalTrialProtocolName ClinicalTrialSiteID
    ClinicalTrialSiteName ClinicalTrialTimePointID ConceptualVolumeCombinationDescription
    ConceptualVolumeDescription ConsultingPhysicianName DeviceAlternateIdentifier
    FillerOrderNumberImagingServiceRequest FractionationNotes
    IssuerOfTheContainerIdentifierSequence IssuerOfTheSpecimenIdentifierSequence LabelText
    ManufacturerDeviceIdentifier PatientName PatientSex PatientSexNeutered
    PlacerOrderNumberImagingServiceRequest PrescriptionNotes PrescriptionNotesSequence
    ROIInterpreter ROIName RTAccessoryDeviceSlotID RTAccessoryHolderSlotID
    RTPhysicianIntentNarrative RadiationGenerationModeDescription ReasonForSuperseding
    ReferringPhysicianName RequestedProcedureDescription ReviewerName SourceOfPreviousValues
    SourceSerialNumber SpecimenPreparationSequence StudyID TreatmentMachineName
    TreatmentTechniqueNotes VerifyingObserverIdentificationCodeSequence
    """
)
"""Actions Z and X/Z: the element stays without a value, which Type 2 and Type 3 both allow."""

DUMMY = _words(
    """
    AcquisitionDeviceProcessingDescription AcquisitionFieldOfViewLabel AnnotationGroupLabel
    CertificateOfSigner ClinicalTrialProtocolEthicsCommitteeName ClinicalTrialProtocolID
    ClinicalTrialSponsorName ClinicalTrialSubjectID ClinicalTrialSubjectReadingID
    ContainerIdentifier ContentCreatorName ContrastBolusAgent DestinationAE DetectorID
    DeviceLabel DeviceSerialNumber EntityLabel EntityLongLabel
    FlowIdentifier FrameOriginTimestamp InstitutionName InterlockDescription
    InterlockOriginDescription ModifyingSystem OperatorsName PatientID PersonName ProtocolName
    RTPlanLabel RTPrescriptionLabel RTToleranceSetLabel RTTreatmentApproachLabel
    RadiationDoseIdentificationLabel RadiationDoseInVivoMeasurementLabel
    RadiationGenerationModeLabel ReasonForTheAttributeModification SelectorAEValue
    SelectorASValue SelectorLOValue SelectorLTValue SelectorOBValue SelectorPNValue
    SelectorSHValue SelectorSTValue SelectorUNValue SelectorURValue SelectorUTValue
    SourceIdentifier SpecimenIdentifier StationName StructureSetLabel TextValue
    TreatmentPositionGroupLabel TreatmentSite TreatmentToleranceViolationDescription
    UnformattedTextValue UserContentLabel UserContentLongLabel VerifyingObserverName
    VerifyingOrganization XRayDetectorID XRaySourceID
    """
)
"""Actions D, X/D, Z/D and X/Z/D: a value that says nothing takes the place, as Type 1 needs one."""

KEEP = _words("LongCodeValue URNCodeValue")
"""Long text that is a code."""

BY_VR: dict[str, Action] = {
    "AE": "remove",
    "LT": "remove",
    "ST": "remove",
    "UT": "remove",
    "UR": "remove",
    "UN": "remove",
    "PN": "remove",
    "LO": "clear",
    "SH": "clear",
    "UC": "clear",
}
"""What becomes of an attribute that the table does not name; any other VR is kept."""

KEPT_UIDS = _words(
    """
    AffectedSOPClassUID AvailableTransferSyntaxUID CodingSchemeUID ContextGroupExtensionCreatorUID
    ContextUID EncryptedContentTransferSyntaxUID ImplementationClassUID MACCalculationTransferSyntaxUID
    MappingResourceUID MediaStorageSOPClassUID OriginalSpecializedSOPClassUID
    PrivateInformationCreatorUID ReferencedRelatedGeneralSOPClassUIDInFile ReferencedSOPClassUID
    ReferencedSOPClassUIDInFile ReferencedTransferSyntaxUIDInFile RelatedGeneralSOPClassUID
    RequestedSOPClassUID SOPClassUID SOPClassesInStudy SOPClassesSupported TransferSyntaxUID
    """
)
"""UIDs that name a kind of thing, also a maker's own, and never one thing."""

KEPT_DATES = _words(
    "ContextGroupVersion ContextGroupLocalVersion TemplateVersion TemplateLocalVersion"
)
"""Dates of a code table, not of a patient."""

IDENTITY = _words(
    """
    AccessionNumber DeidentificationMethod DeidentificationMethodCodeSequence InstitutionName
    IssuerOfPatientID LongitudinalTemporalInformationModified PatientAddress PatientAge
    PatientBirthDate PatientComments PatientID PatientIdentityRemoved PatientName PatientSex
    PatientTelephoneNumbers QualityControlSubject ReferringPhysicianName SOPClassUID SOPInstanceUID
    SeriesInstanceUID SpecificCharacterSet StudyDate StudyDescription StudyID StudyInstanceUID
    """
)
"""What the plan, or the import itself, says of an object."""

IDENTIFIES = _words(
    """
    AccessionNumber AdmissionID DeviceSerialNumber FillerOrderNumberImagingServiceRequest
    InstitutionAddress InstitutionName InstitutionalDepartmentName MedicalRecordLocator
    OtherPatientIDs PatientAddress PatientID PatientTelephoneNumbers PerformedProcedureStepID
    PlacerOrderNumberImagingServiceRequest ReferringPhysicianAddress
    ReferringPhysicianTelephoneNumbers RequestedProcedureID ScheduledProcedureStepID StationName
    StudyID
    """
)
"""Values that are looked for in every text that stays, beside the names of persons."""

SHOWS_TEXT = _words("DG DOC ES GM IVUS OP OT SM US XC")
"""Modalities whose pixels often have text or a face in them."""

SHOWS_TEXT_CLASSES = (
    SECONDARY_CAPTURE,
    STORAGE_ARC + "104.",
)
"""Secondary Capture and Encapsulated Document storage: the UID itself, or what it begins with.

A document is taken in whole, and only when the scenario accepts that.
"""
