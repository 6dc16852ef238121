#include "prepare/mock_catalogue.hpp"

#include <fmt/format.h>

namespace semblance::prepare {
namespace {

using Text = std::string_view;

constexpr Text kNewbornText[] = {"NEWBORN"};
constexpr Text kNewbornCode[] = {"V3000", "7742", "76519", "769", "V290"};
constexpr Text kSepsisText[] = {"SEPSIS", "SEPTIC SHOCK", "FEVER", "UROSEPSIS", "HYPOTENSION"};
constexpr Text kSepsisCode[] = {"0389", "99592", "78552", "5990", "51881", "5849"};
constexpr Text kPneumoniaText[] = {"PNEUMONIA", "HYPOXIA", "SHORTNESS OF BREATH",
                                   "RESPIRATORY FAILURE"};
constexpr Text kPneumoniaCode[] = {"486", "51881", "5070", "5119", "2762"};
constexpr Text kHeartFailureText[] = {"CONGESTIVE HEART FAILURE", "PULMONARY EDEMA", "DYSPNEA"};
constexpr Text kHeartFailureCode[] = {"42823", "4280", "4240", "41401", "5849"};
constexpr Text kInfarctionText[] = {"ST-SEGMENT ELEVATION MYOCARDIAL INFARCTION\\CARDIAC CATH",
                                    "NSTEMI", "CHEST PAIN", "ACUTE CORONARY SYNDROME"};
constexpr Text kInfarctionCode[] = {"41071", "41401", "41011", "4271", "2720"};
constexpr Text kBypassText[] = {"CORONARY ARTERY DISEASE\\CORONARY ARTERY BYPASS GRAFT /SDA",
                                "CORONARY ARTERY DISEASE", "UNSTABLE ANGINA\\CATH"};
constexpr Text kBypassCode[] = {"41401", "4111", "2724", "9971", "42731"};
constexpr Text kValveText[] = {
    "AORTIC STENOSIS\\AORTIC VALVE REPLACEMENT /SDA",
    "MITRAL REGURGITATION\\MITRAL VALVE REPLACEMENT,POSSIBLE REPAIR /SDA"};
constexpr Text kValveCode[] = {"4241", "4240", "42731", "5180", "2851"};
constexpr Text kBleedText[] = {"GASTROINTESTINAL BLEED", "UPPER GI BLEED", "LOWER GI BLEED",
                               "BRBPR", "MELENA"};
constexpr Text kBleedCode[] = {"5789", "53140", "2851", "4560", "56212"};
constexpr Text kStrokeText[] = {"STROKE/TIA", "STROKE", "RIGHT MCA INFARCT"};
constexpr Text kStrokeCode[] = {"43491", "43411", "34290", "78039", "4019"};
constexpr Text kHaemorrhageText[] = {"INTRACRANIAL HEMORRHAGE", "SUBDURAL HEMATOMA",
                                     "SUBARACHNOID HEMORRHAGE"};
constexpr Text kHaemorrhageCode[] = {"431", "4321", "430", "3485", "78039"};
constexpr Text kTraumaText[] = {"S/P FALL", "S/P MOTOR VEHICLE ACCIDENT", "TRAUMA",
                                "S/P MOTORCYCLE ACCIDENT", "BLUNT TRAUMA,PELVIC FRACTURE"};
constexpr Text kTraumaCode[] = {"85221", "8074", "8600", "8054", "E8889", "E8120"};
constexpr Text kLiverText[] = {"LIVER FAILURE", "CIRRHOSIS;ENCEPHALOPATHY", "ALCOHOLIC HEPATITIS"};
constexpr Text kLiverCode[] = {"5722", "5712", "570", "78959", "2866"};
constexpr Text kCopdText[] = {"ASTHMA;CHRONIC OBST PULM DISEASE", "COPD EXACERBATION",
                              "RESPIRATORY DISTRESS"};
constexpr Text kCopdCode[] = {"49121", "49322", "51881", "3051", "2762"};
constexpr Text kDkaText[] = {"DIABETIC KETOACIDOSIS", "HYPERGLYCEMIA"};
constexpr Text kDkaCode[] = {"25013", "25012", "2765", "5849", "2768"};
constexpr Text kOverdoseText[] = {"OVERDOSE", "ALTERED MENTAL STATUS", "ALCOHOL WITHDRAWAL"};
constexpr Text kOverdoseCode[] = {"9694", "9650", "29181", "30390", "E9503"};
constexpr Text kRenalText[] = {"ACUTE RENAL FAILURE", "HYPERKALEMIA", "RENAL FAILURE"};
constexpr Text kRenalCode[] = {"5845", "5849", "2767", "2762", "40391"};
constexpr Text kCancerText[] = {"LUNG CANCER/SDA", "ESOPHAGEAL CA/SDA", "BRAIN MASS",
                                "PANCREATIC CANCER/SDA", "COLON CANCER/SDA"};
constexpr Text kCancerCode[] = {"1623", "1505", "1983", "1570", "1534", "1977"};
constexpr Text kArrhythmiaText[] = {"VENTRICULAR TACHYCARDIA", "COMPLETE HEART BLOCK",
                                    "SYNCOPE;TELEMETRY", "ATRIAL FIBRILLATION"};
constexpr Text kArrhythmiaCode[] = {"4271", "42731", "4260", "7802", "42789"};

//       weight age    winter elect sever vent  death  days infection MICU SICU CCU CSRU TSICU NICU
constexpr Reason kReasons[] = {
    {1.00,
     0,
     1,
     0.03,
     0.00,
     -0.4,
     0.15,
     -4.6,
     2.5,
     false,
     {0, 0, 0, 0, 0, 1},
     kNewbornText,
     kNewbornCode},
    {1.10,
     70,
     20,
     0.10,
     0.00,
     0.7,
     0.40,
     -1.5,
     2.6,
     true,
     {8, 2, 1, 0, 1, 0},
     kSepsisText,
     kSepsisCode},
    {1.00,
     72,
     20,
     0.45,
     0.01,
     0.4,
     0.50,
     -1.9,
     3.2,
     true,
     {9, 1, 1, 0, 1, 0},
     kPneumoniaText,
     kPneumoniaCode},
    {0.80,
     76,
     13,
     0.25,
     0.05,
     0.2,
     0.20,
     -2.2,
     2.2,
     false,
     {3, 0, 6, 1, 0, 0},
     kHeartFailureText,
     kHeartFailureCode},
    {1.00,
     68,
     13,
     0.15,
     0.05,
     0.0,
     0.15,
     -2.8,
     1.8,
     false,
     {1, 0, 9, 1, 0, 0},
     kInfarctionText,
     kInfarctionCode},
    {1.10,
     67,
     10,
     0.00,
     0.75,
     -0.3,
     0.85,
     -4.2,
     2.1,
     false,
     {0, 0, 1, 12, 0, 0},
     kBypassText,
     kBypassCode},
    {0.60,
     69,
     13,
     0.00,
     0.85,
     -0.2,
     0.85,
     -3.8,
     2.3,
     false,
     {0, 0, 1, 12, 0, 0},
     kValveText,
     kValveCode},
    {0.85,
     67,
     17,
     0.05,
     0.02,
     0.0,
     0.15,
     -2.6,
     1.6,
     false,
     {9, 3, 0, 0, 1, 0},
     kBleedText,
     kBleedCode},
    {0.50,
     73,
     14,
     0.10,
     0.02,
     0.2,
     0.25,
     -2.0,
     2.4,
     false,
     {2, 7, 0, 0, 2, 0},
     kStrokeText,
     kStrokeCode},
    {0.70,
     64,
     17,
     0.05,
     0.03,
     0.5,
     0.45,
     -1.5,
     3.0,
     false,
     {1, 8, 0, 0, 3, 0},
     kHaemorrhageText,
     kHaemorrhageCode},
    {0.90,
     45,
     22,
     -0.15,
     0.01,
     0.1,
     0.45,
     -2.7,
     2.4,
     false,
     {0, 4, 0, 0, 9, 0},
     kTraumaText,
     kTraumaCode},
    {0.40,
     54,
     11,
     0.00,
     0.04,
     0.8,
     0.35,
     -1.2,
     2.8,
     false,
     {8, 3, 0, 0, 1, 0},
     kLiverText,
     kLiverCode},
    {0.50,
     70,
     11,
     0.40,
     0.01,
     0.1,
     0.45,
     -2.5,
     2.7,
     true,
     {9, 0, 1, 0, 1, 0},
     kCopdText,
     kCopdCode},
    {0.30,
     40,
     16,
     0.05,
     0.00,
     -0.1,
     0.05,
     -4.5,
     1.4,
     false,
     {9, 1, 0, 0, 1, 0},
     kDkaText,
     kDkaCode},
    {0.50,
     42,
     14,
     0.00,
     0.00,
     -0.1,
     0.50,
     -3.9,
     1.5,
     false,
     {9, 1, 0, 0, 1, 0},
     kOverdoseText,
     kOverdoseCode},
    {0.40,
     69,
     15,
     0.05,
     0.04,
     0.3,
     0.20,
     -2.0,
     2.1,
     false,
     {9, 1, 1, 0, 0, 0},
     kRenalText,
     kRenalCode},
    {0.70,
     64,
     12,
     0.00,
     0.80,
     -0.2,
     0.40,
     -3.2,
     1.9,
     false,
     {1, 7, 0, 0, 5, 0},
     kCancerText,
     kCancerCode},
    {0.50,
     72,
     14,
     0.05,
     0.20,
     -0.2,
     0.10,
     -3.1,
     1.7,
     false,
     {1, 0, 9, 1, 0, 0},
     kArrhythmiaText,
     kArrhythmiaCode},
};

constexpr std::array<Chronic, kChronicKinds> kChronic = {{{"4019", 0.1, 0.35},
                                                          {"25000", -0.9, 0.15},
                                                          {"4280", -1.5, 0.45},
                                                          {"496", -1.6, 0.20},
                                                          {"5859", -1.9, 0.35},
                                                          {"42731", -1.6, 0.60}}};

constexpr Text kSecondary[] = {"2724",  "2720",  "53081", "2859",  "2449",  "311",   "30000",
                               "3051",  "V5861", "V4581", "V1582", "412",   "41400", "2761",
                               "2875",  "5180",  "5119",  "00845", "70703", "5990",  "2762",
                               "27651", "78039", "73300", "7140",  "56400", "60000", "3659",
                               "28860", "7907",  "4589",  "V5867", "27800"};

// ---------------------------------------------------------------------------------------------
constexpr Text kRhythm[] = {"SR (Sinus Rhythm)",           "ST (Sinus Tachycardia)",
                            "SB (Sinus Bradycardia)",      "1st AV (First degree AV Block)",
                            "AF (Atrial Fibrillation)",    "Paced",
                            "VT (Ventricular Tachycardia)"};
constexpr Text kEctopy[] = {"None", "PVC's", "PAC's", "Vent. Bigeminy"};
constexpr Text kCode[] = {"Full code", "DNR (do not resuscitate)", "DNR / DNI",
                          "Comfort measures only"};
constexpr Text kActivity[] = {"Ambulate", "Chair", "Dangle", "Bedrest"};
constexpr Text kPosition[] = {"Supine", "Left Side", "Right Side", "Lateral"};
constexpr Text kSkin[] = {"Intact", "Pink", "Reddened", "Impaired", "Ulceration"};
constexpr Text kLung[] = {"Clear", "Diminished", "Exp Wheeze", "Rhonchi", "Crackles", "Absent"};
constexpr Text kDiet[] = {"Regular",      "Cardiac/Heart healthy", "Diabetic",
                          "Clear liquid", "Tube feeding",          "NPO"};
constexpr Text kOxygen[] = {"None",          "Nasal cannula",  "Aerosol mask",
                            "High flow neb", "Non-rebreather", "Endotracheal tube"};
constexpr Text kYesNo[] = {"No", "Yes"};
constexpr Text kEye[] = {"Spontaneously", "To Speech", "To Pain", "None"};
constexpr Text kVerbal[] = {"Oriented", "Confused", "Inappropriate Words",
                            "Incomprehensible sounds", "No Response-ETT"};
constexpr Text kMotor[] = {"Obeys Commands",   "Localizes Pain",     "Flex-withdraws",
                           "Abnormal Flexion", "Abnormal extension", "No response"};
constexpr Text kRiker[] = {"Calm/Cooperative", "Sedated", "Agitated", "Very Sedated",
                           "Unarousable"};
constexpr Text kPulse[] = {"Easily Palpable", "Weak Palpable", "Doppler", "Absent"};
constexpr Text kWarmth[] = {"Warm", "Cool", "Cold"};
constexpr Text kEdema[] = {"No edema", "1+", "2+", "3+", "Anasarca"};
constexpr Text kWound[] = {"Clean/Dry/Intact", "Approximated", "Oozing", "Dehisced"};
constexpr Text kDressing[] = {"Transparent", "Dry sterile", "Wet to dry", "Vac dressing", "None"};
constexpr Text kRefill[] = {"Less than 3 seconds", "Greater than 3 seconds"};
constexpr Text kSensation[] = {"Normal", "Numb", "Tingling", "No sensation"};

/// A core item in both systems; an id of 0 means that the system has none.
struct Core {
  int carevue;
  Text carevue_label, carevue_unit;
  int metavision;
  Text label, abbreviation, category, unit;
  Channel channel;
  int decimals;
  std::uint8_t every_hours;
  std::array<float, kCareUnits> charted;
  std::span<const Text> texts;
  double low, high;
};

constexpr std::array<float, kCareUnits> kAll = {1, 1, 1, 1, 1, 1}, kAdult = {1, 1, 1, 1, 1, 0};
constexpr std::array<float, kCareUnits> kArterial = {.35f, .55f, .4f, .97f, .6f, .05f};
constexpr std::array<float, kCareUnits> kCuff = {.95f, .85f, .9f, .6f, .85f, .9f};

using C = Channel;
// clang-format off
const Core kCore[] = {
    {211, "Heart Rate", "BPM", 220045, "Heart Rate", "HR", "Routine Vital Signs", "bpm", C::kHeartRate, 0, 1, kAll, {}, 20, 240},
    {618, "Respiratory Rate", "BPM", 220210, "Respiratory Rate", "RR", "Respiratory", "insp/min", C::kRespiratoryRate, 0, 1, kAll, {}, 4, 90},
    {646, "SpO2", "%", 220277, "O2 saturation pulseoxymetry", "SpO2", "Respiratory", "%", C::kSpo2, 0, 1, kAll, {}, 50, 100},
    {455, "NBP [Systolic]", "mmHg", 220179, "Non Invasive Blood Pressure systolic", "NBPs", "Routine Vital Signs", "mmHg", C::kSystolic, 0, 1, kCuff, {}, 30, 260},
    {8441, "NBP [Diastolic]", "mmHg", 220180, "Non Invasive Blood Pressure diastolic", "NBPd", "Routine Vital Signs", "mmHg", C::kDiastolic, 0, 1, kCuff, {}, 10, 160},
    {456, "NBP Mean", "mmHg", 220181, "Non Invasive Blood Pressure mean", "NBPm", "Routine Vital Signs", "mmHg", C::kMeanPressure, 0, 1, kCuff, {}, 20, 190},
    {51, "Arterial BP [Systolic]", "mmHg", 220050, "Arterial Blood Pressure systolic", "ABPs", "Routine Vital Signs", "mmHg", C::kArterialSystolic, 0, 1, kArterial, {}, 30, 280},
    {8368, "Arterial BP [Diastolic]", "mmHg", 220051, "Arterial Blood Pressure diastolic", "ABPd", "Routine Vital Signs", "mmHg", C::kArterialDiastolic, 0, 1, kArterial, {}, 10, 170},
    {52, "Arterial BP Mean", "mmHg", 220052, "Arterial Blood Pressure mean", "ABPm", "Routine Vital Signs", "mmHg", C::kArterialMean, 0, 1, kArterial, {}, 20, 200},
    {113, "CVP", "mmHg", 220074, "Central Venous Pressure", "CVP", "Hemodynamics", "mmHg", C::kCvp, 0, 2, {.2f, .3f, .25f, .9f, .3f, 0}, {}, 0, 40},
    {678, "Temperature F", "Deg. F", 223761, "Temperature Fahrenheit", "Temperature F", "Routine Vital Signs", "?F", C::kTemperature, 1, 4, kAll, {}, 86, 108},
    {190, "FiO2 Set", "torr", 223835, "Inspired O2 Fraction", "FiO2", "Respiratory", "", C::kFio2, 0, 4, kAll, {}, 21, 100},
    {506, "PEEP Set", "cmH2O", 220339, "PEEP set", "PEEP set", "Respiratory", "cmH2O", C::kPeep, 0, 4, kAll, {}, 0, 25},
    {682, "Tidal Volume (Obser)", "ml/B", 224685, "Tidal Volume (observed)", "Tidal Volume (observed)", "Respiratory", "mL", C::kTidalVolume, 0, 4, kAdult, {}, 100, 1000},
    {811, "Glucose (70-105)", "mg/dL", 220621, "Glucose (serum)", "Glucose (serum)", "Labs", "mg/dL", C::kGlucose, 0, 6, {.95f, .9f, .85f, .98f, .9f, .6f}, {}, 25, 900},
    {791, "Creatinine (0-1.3)", "mg/dL", 220615, "Creatinine", "Creatinine", "Labs", "mg/dL", C::kCreatinine, 1, 12, {.97f, .9f, .95f, .95f, .85f, .2f}, {}, 0.1, 15},
    {1542, "WBC (4-11,000)", "K/uL", 220546, "WBC", "WBC", "Labs", "K/uL", C::kWhiteCells, 1, 12, {.97f, .9f, .9f, .95f, .85f, .8f}, {}, 0.1, 90},
    {1531, "Lactic Acid(0.5-2.0)", "mmol/L", 225668, "Lactic Acid", "Lactic Acid", "Labs", "mmol/L", C::kLactate, 1, 12, {.5f, .3f, .25f, .2f, .35f, .02f}, {}, 0.3, 25},
    {829, "Potassium (3.5-5.3)", "mEq/L", 227442, "Potassium (serum)", "Potassium (serum)", "Labs", "mEq/L", C::kPotassium, 1, 12, {.97f, .92f, .96f, .98f, .88f, .4f}, {}, 1.8, 9},
    {837, "Sodium (135-148)", "mEq/L", 220645, "Sodium (serum)", "Sodium (serum)", "Labs", "mEq/L", C::kSodium, 0, 12, {.97f, .95f, .93f, .85f, .9f, .4f}, {}, 110, 175},
    {814, "Hemoglobin", "gm/dl", 220228, "Hemoglobin", "Hemoglobin", "Labs", "g/dl", C::kHaemoglobin, 1, 12, {.95f, .92f, .9f, .98f, .95f, .5f}, {}, 3, 22},
    {763, "Daily Weight", "kg", 224639, "Daily Weight", "Daily Weight", "General", "Kg", C::kWeight, 1, 24, {.6f, .5f, .7f, .9f, .4f, 1}, {}, 0.4, 260},
    {1044, "Pain Level", "", 223791, "Pain Level", "Pain Level", "Pain/Sedation", "", C::kPain, 0, 4, {.7f, .8f, .8f, .9f, .9f, .1f}, {}, 0, 10},
    {5815, "HR Alarm [Low]", "BPM", 220047, "Heart Rate Alarm - Low", "HR Alarm - Low", "Alarms", "bpm", C::kAlarmLow, 0, 8, kAll, {}, 30, 100},
    {8549, "HR Alarm [High]", "BPM", 220046, "Heart rate Alarm - High", "HR Alarm - High", "Alarms", "bpm", C::kAlarmHigh, 0, 8, kAll, {}, 100, 200},
    {184, "Eye Opening", "", 220739, "GCS - Eye Opening", "Eye Opening", "Neurological", "", C::kGcsEye, 0, 4, {.8f, .95f, .45f, .7f, .98f, 0}, kEye, 0, 0},
    {723, "Verbal Response", "", 223900, "GCS - Verbal Response", "Verbal Response", "Neurological", "", C::kGcsVerbal, 0, 4, {.8f, .95f, .45f, .7f, .98f, 0}, kVerbal, 0, 0},
    {454, "Motor Response", "", 223901, "GCS - Motor Response", "Motor Response", "Neurological", "", C::kGcsMotor, 0, 4, {.8f, .95f, .45f, .7f, .98f, 0}, kMotor, 0, 0},
    {212, "Heart Rhythm", "", 220048, "Heart Rhythm", "Heart Rhythm", "Routine Vital Signs", "", C::kText, 0, 2, kAdult, kRhythm, 0, 0},
    {161, "Ectopy Type", "", 224650, "Ectopy Type 1", "Ectopy Type 1", "Routine Vital Signs", "", C::kText, 0, 2, kAdult, kEctopy, 0, 0},
    {128, "Code Status", "", 223758, "Code Status", "Code Status", "ADT", "", C::kText, 0, 12, kAll, kCode, 0, 0},
    {31, "Activity", "", 224084, "Activity", "Activity", "Treatments", "", C::kText, 0, 4, kAdult, kActivity, 0, 0},
    {547, "Position", "", 224093, "Position", "Position", "Treatments", "", C::kText, 0, 4, kAll, kPosition, 0, 0},
    {644, "Skin Integrity", "", 224026, "Skin Integrity", "Skin Integrity", "Skin - Assessment", "", C::kText, 0, 8, kAll, kSkin, 0, 0},
    {599, "RUL Lung Sounds", "", 223986, "RUL Lung Sounds", "RUL Lung Sounds", "Respiratory", "", C::kText, 0, 4, kAll, kLung, 0, 0},
    {428, "LUL Lung Sounds", "", 223988, "LUL Lung Sounds", "LUL Lung Sounds", "Respiratory", "", C::kText, 0, 4, kAll, kLung, 0, 0},
    {593, "RLL Lung Sounds", "", 223987, "RLL Lung Sounds", "RLL Lung Sounds", "Respiratory", "", C::kText, 0, 4, kAll, kLung, 0, 0},
    {425, "LLL Lung Sounds", "", 223989, "LLL Lung Sounds", "LLL Lung Sounds", "Respiratory", "", C::kText, 0, 4, kAll, kLung, 0, 0},
    {156, "Diet Type", "", 224001, "Diet Type", "Diet Type", "Gi/Gu", "", C::kText, 0, 8, kAdult, kDiet, 0, 0},
    {467, "O2 Delivery Device", "", 226732, "O2 Delivery Device(s)", "O2 Delivery Device(s)", "Respiratory", "", C::kText, 0, 4, kAll, kOxygen, 0, 0},
    {1046, "Pain Present", "", 223781, "Pain Present", "Pain Present", "Pain/Sedation", "", C::kText, 0, 4, kAdult, kYesNo, 0, 0},
    {1484, "Risk for Falls", "", 223754, "Risk for Falls", "Risk for Falls", "Restraint/Support Systems", "", C::kText, 0, 8, kAdult, kYesNo, 0, 0},
    {1337, "Riker-SAS Scale", "", 223753, "Riker-SAS Scale", "Riker-SAS Scale", "Pain/Sedation", "", C::kText, 0, 4, {.6f, .6f, .2f, .7f, .6f, 0}, kRiker, 0, 0},
};

constexpr Text kSites[] = {
    "Right Arm", "Left Arm", "Right Forearm", "Left Forearm", "Right Hand", "Left Hand", "Right Leg", "Left Leg",
    "Right Foot", "Left Foot", "Right Thigh", "Left Thigh", "Right Calf", "Left Calf", "Right Groin", "Left Groin",
    "Abdomen", "Abdominal Midline", "Sternal", "Right Chest", "Left Chest", "Back", "Coccyx", "Right Heel",
    "Left Heel", "Scalp", "Right Cheek", "Left Cheek", "Neck", "Right Hip", "Left Hip", "Sacral"};

/// Something recorded of a body site.
struct Aspect {
  Text name, unit, category;
  std::span<const Text> texts;  ///< empty: a number in [low, high]
  int decimals;
  double low, high;
};
const Aspect kAspects[] = {
    {"Drain Output", "ml", "Drains", {}, 0, 0, 250}, {"Drain Pressure", "cmH2O", "Drains", {}, 0, -40, 0},
    {"Girth", "cm", "Skin - Assessment", {}, 1, 15, 130}, {"Wound Length", "cm", "Skin - Incisions", {}, 1, 0.5, 25},
    {"Wound Width", "cm", "Skin - Incisions", {}, 1, 0.2, 12}, {"Line Pressure", "mmHg", "Access Lines - Invasive", {}, 0, 2, 160},
    {"Skin Temp Probe", "Deg. C", "Skin - Assessment", {}, 1, 28, 38.5}, {"Compartment Pressure", "mmHg", "Toxicology", {}, 0, 4, 45},
    {"Pulse", "", "Cardiovascular (Pulses)", kPulse, 0, 0, 0}, {"Skin Temperature", "", "Skin - Assessment", kWarmth, 0, 0, 0},
    {"Edema", "", "Cardiovascular", kEdema, 0, 0, 0}, {"Incision Appearance", "", "Skin - Incisions", kWound, 0, 0, 0},
    {"Dressing Type", "", "Skin - Impairment", kDressing, 0, 0, 0}, {"Capillary Refill", "", "Cardiovascular", kRefill, 0, 0, 0},
    {"Sensation", "", "Neurological", kSensation, 0, 0, 0}, {"Dressing Changed", "", "Skin - Impairment", kYesNo, 0, 0, 0},
};
// clang-format on

void add_item(ChartCatalogue& catalogue, ChartItem item, bool core) {
  const int index = static_cast<int>(catalogue.items.size());
  (core ? catalogue.core : catalogue.aspects)[item.metavision].push_back(index);
  catalogue.items.push_back(std::move(item));
}

void add_core(ChartCatalogue& catalogue, const Core& core) {
  for (const bool metavision : {false, true}) {
    ChartItem item;
    item.metavision = metavision;
    item.item_id = metavision ? core.metavision : core.carevue;
    item.label = metavision ? core.label : core.carevue_label;
    item.unit = metavision ? core.unit : core.carevue_unit;
    if (metavision) {
      item.abbreviation = core.abbreviation;
      item.category = core.category;
      item.param_type = core.texts.empty() ? "Numeric" : "Text";
    }
    item.channel = core.channel;
    item.decimals = core.decimals;
    item.every_hours = core.every_hours;
    item.charted = core.charted;
    item.texts = core.texts;
    item.low = core.low;
    item.high = core.high;
    add_item(catalogue, std::move(item), true);
  }
}

void add_aspect(ChartCatalogue& catalogue, Text site, const Aspect& aspect, int number) {
  for (const bool metavision : {false, true}) {
    ChartItem item;
    item.metavision = metavision;
    item.item_id = (metavision ? 228000 : 9000) + number;
    item.label = metavision ? fmt::format("{} {}", site, aspect.name)
                            : fmt::format("{} [{}]", aspect.name, site);
    item.unit = aspect.unit;
    if (metavision) {
      item.abbreviation = item.label;
      item.category = aspect.category;
      item.param_type = aspect.texts.empty() ? "Numeric" : "Text";
    }
    item.channel = aspect.texts.empty() ? Channel::kAspectNumber : Channel::kAspectText;
    item.decimals = aspect.decimals;
    item.every_hours = 8;
    item.texts = aspect.texts;
    item.low = aspect.low;
    item.high = aspect.high;
    add_item(catalogue, std::move(item), false);
  }
}

ChartCatalogue build_catalogue() {
  ChartCatalogue catalogue;
  for (const Core& core : kCore) add_core(catalogue, core);
  int number = 0;
  for (const Aspect& aspect : kAspects) {
    for (const Text site : kSites) add_aspect(catalogue, site, aspect, ++number);
  }
  return catalogue;
}

}  // namespace

std::string_view care_unit_name(CareUnit unit) {
  constexpr Text kNames[kCareUnits] = {"MICU", "SICU", "CCU", "CSRU", "TSICU", "NICU"};
  return kNames[unit];
}

std::span<const Reason> reasons() { return kReasons; }
const std::array<Chronic, kChronicKinds>& chronic_conditions() { return kChronic; }
std::span<const std::string_view> secondary_codes() { return kSecondary; }

const ChartCatalogue& chart_catalogue() {
  static const ChartCatalogue catalogue = build_catalogue();
  return catalogue;
}

}  // namespace semblance::prepare
